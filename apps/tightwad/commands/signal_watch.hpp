// SIGINT and SIGTERM taken by a thread of their own, where locks and logs are allowed.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace tw::cli {

// In the calling thread and those it starts later. Call it before any thread is started.
void block_stop_signals();

// Needs block_stop_signals(). The first signal calls `stop`; the second ends the process at once.
class signal_watch {
  public:
    explicit signal_watch(std::function<void()> stop);
    ~signal_watch();
    signal_watch(const signal_watch&) = delete;
    signal_watch& operator=(const signal_watch&) = delete;

  private:
    std::atomic<bool> over_ = false;
    std::thread thread_;
};

} // namespace tw::cli
