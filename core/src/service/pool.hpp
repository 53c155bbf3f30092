// A bounded pool of threads: what blocks runs here, and never more of it than was agreed.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/error.hpp"

namespace tw {

// Any thread may call. Destroying it finishes what was accepted; a pool destroyed by one of its own
// threads lets that thread go instead of waiting for itself.
class pool {
  public:
    struct limits {
        std::size_t threads = 4;
        std::size_t queue = 256; // jobs that may wait
    };

    explicit pool(limits agreed);
    ~pool();
    pool(const pool&) = delete;
    pool& operator=(const pool&) = delete;

    // Runs `job` once, or says that it never will: busy when the queue is full, unavailable after
    // stop. `job` must not throw.
    [[nodiscard]] result<void> post(std::function<void()> job);

    // As post, above the queue limit: for work that was accepted earlier, such as a timer that is
    // due.
    [[nodiscard]] result<void> post_due(std::function<void()> job);

    // Refuses new jobs, runs the accepted ones, waits for the threads. May be called again.
    void stop();

  private:
    struct state;
    [[nodiscard]] result<void> put(std::function<void()> job, std::size_t limit);

    std::shared_ptr<state> state_;
};

} // namespace tw
