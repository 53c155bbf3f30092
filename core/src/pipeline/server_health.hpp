// Whether a server is worth asking: by what its last requests met.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "base/error.hpp"

namespace tw {

// After a failure it counts as down for a second, after each further one for twice as long, ten seconds at most; then
// the next request finds out. Any thread.
class server_health {
  public:
    using clock = std::chrono::steady_clock;

    // How a request ended: `unavailable` and `timed_out` count as failures, everything else as a sign of life.
    void note(const std::optional<error>& failure, clock::time_point now = clock::now());
    [[nodiscard]] bool is_up(clock::time_point now = clock::now()) const;
    [[nodiscard]] int failures() const; // one after the other

  private:
    mutable std::mutex mutex_;
    int failures_ = 0;
    clock::time_point down_until_{};
};

} // namespace tw
