// Time as a clock on the wall sees it, and as this thread spends it.
#pragma once

#include <chrono>
#include <ctime>

namespace tw {

// Seconds. The wall also counts what other threads and programs do on this thread's core meanwhile.
struct spent_time {
    double wall = 0, own = 0;

    spent_time& operator+=(const spent_time& other) {
        wall += other.wall;
        own += other.own;
        return *this;
    }
};

// To be read by the thread that made it.
class stopwatch {
  public:
    [[nodiscard]] spent_time read() const {
        return {std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_).count(), thread_seconds() - own_};
    }

  private:
    static double thread_seconds() {
        timespec now{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
    }

    std::chrono::steady_clock::time_point wall_ = std::chrono::steady_clock::now();
    double own_ = thread_seconds();
};

} // namespace tw
