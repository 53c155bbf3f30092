// A bounded pool of threads.
#include "service/pool.hpp"

#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tw {

// Shared with the threads, so that one that outlives the pool still stands on something.
struct pool::state {
    pool::limits limits;
    std::mutex lock;
    std::condition_variable wake;
    std::deque<std::function<void()>> jobs;
    bool stopping = false;
    std::vector<std::thread> threads;

    void work() {
        std::unique_lock guard(lock);
        for (;;) {
            wake.wait(guard, [&] { return stopping || !jobs.empty(); });
            if (jobs.empty()) return;
            {
                auto job = std::move(jobs.front());
                jobs.pop_front();
                guard.unlock();
                job();
            } // what the job held is released before the lock is taken
            guard.lock();
        }
    }
};

pool::pool(limits agreed) : state_(std::make_shared<state>()) {
    state_->limits = agreed;
    for (std::size_t i = 0; i < agreed.threads; ++i)
        state_->threads.emplace_back([shared = state_] { shared->work(); });
}

pool::~pool() {
    stop();
}

result<void> pool::post(std::function<void()> job) {
    return put(std::move(job), state_->limits.queue);
}

result<void> pool::post_due(std::function<void()> job) {
    return put(std::move(job), std::numeric_limits<std::size_t>::max());
}

result<void> pool::put(std::function<void()> job, std::size_t limit) {
    {
        const std::lock_guard guard(state_->lock);
        if (state_->stopping)
            return fail(code::unavailable, "The host is stopping and takes no more work.");
        if (state_->jobs.size() >= limit)
            return error{.code = code::busy,
                         .message = "All " + std::to_string(state_->limits.threads) +
                                    " worker threads are busy and " + std::to_string(limit) +
                                    " jobs are waiting; try again in a second.",
                         .retry_after = std::chrono::seconds{1}};
        state_->jobs.push_back(std::move(job));
    }
    state_->wake.notify_one();
    return {};
}

void pool::stop() {
    std::vector<std::thread> threads;
    {
        const std::lock_guard guard(state_->lock);
        state_->stopping = true;
        threads.swap(state_->threads);
    }
    state_->wake.notify_all();
    for (auto& thread : threads) {
        if (thread.get_id() == std::this_thread::get_id())
            thread.detach();
        else
            thread.join();
    }
}

} // namespace tw
