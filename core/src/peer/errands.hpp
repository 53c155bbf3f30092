// A thread for what must not hold up a link: jobs in the order they were given, and a call every now and then.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tw::peer {

class errands {
  public:
    // `tick` may be null. Neither it nor a job may throw.
    errands(std::chrono::milliseconds every, std::function<void()> tick);
    ~errands(); // as stop()
    errands(const errands&) = delete;
    errands& operator=(const errands&) = delete;

    // Any thread. False: it has stopped, the job is dropped.
    bool post(std::function<void()> job);
    // Does the jobs that are there and waits for the thread. Not from a job.
    void stop();

    [[nodiscard]] bool is_this_thread() const { return thread_.get_id() == std::this_thread::get_id(); }

  private:
    void run();

    const std::chrono::milliseconds every_;
    const std::function<void()> tick_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<std::function<void()>> jobs_;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace tw::peer
