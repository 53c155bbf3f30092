// Raised by the first signal; the main thread waits for it.
#pragma once

#include <condition_variable>
#include <mutex>

namespace tw::cli {

// Any thread.
class stop_flag {
  public:
    void raise() {
        {
            const std::lock_guard lock(mutex_);
            raised_ = true;
        }
        changed_.notify_all();
    }
    [[nodiscard]] bool is_raised() const {
        const std::lock_guard lock(mutex_);
        return raised_;
    }
    void wait() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return raised_; });
    }

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool raised_ = false;
};

} // namespace tw::cli
