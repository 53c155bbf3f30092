// The process that holds a model over a pool: started, watched, started again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

#include "base/error.hpp"
#include "net/free_port.hpp"

namespace tw::pooled {

// What the process says of itself, a line each on its stdout; everything else it writes is its log.
inline constexpr auto line_ready = "tightwad-pool ready";
inline constexpr auto line_progress = "tightwad-pool progress "; // 0 … 1 follows
inline constexpr auto line_warning = "tightwad-pool warning ";   // a sentence follows, and it goes on
// A sentence follows; then it ends: a worker is not there or went away, or it cannot do what it is for whatever the
// workers do.
inline constexpr auto line_down = "tightwad-pool down ", line_failed = "tightwad-pool failed ";

struct process_options {
    std::filesystem::path program;
    std::vector<std::string> arguments;
    std::vector<std::string> environment; // "NAME=value" beside this process's own
    std::filesystem::path log;            // a file, which begins anew at 10 MB
    std::shared_ptr<const net::kept_port> port{}; // that it listens on, kept while it may be started again; null = none
    std::chrono::milliseconds first_retry = std::chrono::seconds{1}, longest_retry = std::chrono::seconds{10};
};

struct process_report {
    enum class state { starting, up, down };
    state now = state::starting;
    std::string why; // it is down, a full sentence; empty when it is up or has never been down
    bool by_itself = false; // it is down, and not because of a worker: the next try will hardly fare better
    float progress = 0;
    pid_t pid = -1; // -1 = none runs
    int starts = 0;
    std::vector<std::string> warnings{};  // that it gave since it was started last; at most 16
    std::deque<std::string> last_lines{}; // of its log, since it was started last; at most 8
};

// It dies with this process. Any thread.
class pool_process {
  public:
    explicit pool_process(process_options options);
    ~pool_process(); // ends it: SIGTERM, and SIGKILL after 3 s
    pool_process(const pool_process&) = delete;
    pool_process& operator=(const pool_process&) = delete;

    [[nodiscard]] process_report now() const;

    // Ends the process as the destructor does and starts that one in its place; returns at once. From here on now() is
    // about the new one.
    void replace(process_options by);

  private:
    void watch();
    void run_once();
    void read_lines(int output);
    void heard(const std::string& line);
    void ended(int exit_code);
    void went_down(std::string why, bool by_itself); // with the lock
    [[nodiscard]] bool is_to_end() const;

    process_options options_; // of the watcher's thread
    mutable std::mutex mutex_; // guards what follows
    std::condition_variable changed_;
    process_report report_;
    std::string said_; // why it goes down, as it says itself
    std::optional<process_options> next_; // takes its place
    bool stopping_ = false;
    std::thread watcher_; // last: it uses the others; the child is killed with it
};

} // namespace tw::pooled
