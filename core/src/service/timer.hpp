// Calls after a delay, on the pool.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "service/pool.hpp"

namespace tw {

// Any thread may call. A timer that is not due when it stops never runs.
class timer {
  public:
    // `runs_on` must outlive the timer.
    explicit timer(pool& runs_on);
    ~timer();
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;

    // Never 0, or 0 when stopped. A negative delay counts as none; one beyond a year as a year.
    [[nodiscard]] std::uint64_t start(std::chrono::milliseconds delay, std::function<void()> job);

    // True = the job will never run; false = it ran, is running, or the id is unknown.
    bool cancel(std::uint64_t id);

    void stop();

  private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace tw
