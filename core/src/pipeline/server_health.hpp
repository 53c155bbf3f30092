// Whether a server is worth asking: by what its last requests met, and what was found when it was asked how it is.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>

#include "base/error.hpp"

namespace tw {

// After a failure it counts as down for a second, after each further one for twice as long, ten seconds at most. What
// follows depends on whether somebody looks after it: then it is down until it was asked and answered, else the next
// request finds out. Any thread.
class server_health {
  public:
    using clock = std::chrono::steady_clock;

    // How a request ended: `unavailable`, `timed_out`, `corrupt` and `denied` count as failures, everything else as a
    // sign of life.
    void note(const std::optional<error>& failure, clock::time_point now = clock::now());
    [[nodiscard]] bool is_up(clock::time_point now = clock::now()) const;
    [[nodiscard]] int failures() const; // one after the other

    // Waits until the server should be asked how it is, because it was not reached and its pause is over. False = stop.
    [[nodiscard]] bool wait_for_turn(const std::stop_token& stop);
    // From now on nobody does.
    void leave_alone();

  private:
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    int failures_ = 0;
    bool unreached_ = false;      // by the last one: asking how it is can tell that it is back
    bool looked_after_ = false;
    clock::time_point down_until_{};
};

} // namespace tw
