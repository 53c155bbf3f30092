// Another model in the place of the one that a pool holds, and that one again where the other cannot be loaded.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/pool_model.hpp"
#include "pooled/pool_process.hpp"

namespace tw {

// What makes up a pipeline over a pool, but for what answers from its process. The configuration and the plugins outlive it.
struct pooled_parts {
    const configuration& config;
    const registry& plugins;
    const pool_config& pool;
    pool_model model;                                                  // that the process begins with
    std::function<pooled::process_options(const pool_model&)> options; // of a process that holds another one
    std::unique_ptr<pooled::pool_process> process;
};

// What a swap is of; all of it outlives the swap.
struct swapped_pool {
    const configuration& config;
    const registry& plugins;
    const pool_config& pool;
    pooled::pool_process& process;
    std::function<std::size_t()> running; // answers from that process
    std::function<bool()> is_reached;     // what answers from it, once it is up
    std::function<pooled::process_options(const pool_model&)> options;
};

// Until the process is up and `reached`, or down: its report then. None when `progress`, told 0 … 1, said to give up.
[[nodiscard]] std::optional<pooled::process_report> wait_for_model(const pooled::pool_process& process,
                                                                   const std::function<bool()>& reached,
                                                                   const std::function<bool(float)>& progress);

// Any thread.
class model_swap {
  public:
    model_swap(swapped_pool of, pool_model now);
    ~model_swap(); // gives up what is under way
    model_swap(const model_swap&) = delete;
    model_swap& operator=(const model_swap&) = delete;

    // Finds the model and goes on by itself; status() says how. Errors: busy, another swap is under way; those of
    // find_pool_model().
    [[nodiscard]] result<void> begin(const std::string& asked);

    [[nodiscard]] pool_model now() const; // what the process holds, or is loading at its start
    // Why no request is taken, as a sentence; empty while they are.
    [[nodiscard]] std::string closed() const;
    // Of the last swap: {model, state, why, last_lines}; null where there was none. "state" is checking,
    // finishing (the answers that run), loading, returning (to the model before), done or failed.
    [[nodiscard]] nlohmann::json status() const;

  private:
    enum class state { checking, finishing, loading, returning, done, failed };
    struct record {
        std::string model; // as it was asked for
        state now = state::checking;
        std::string why{};
        std::deque<std::string> last_lines{};
    };

    void run(const pool_model& wanted);
    [[nodiscard]] std::optional<pooled::process_report> load(const pool_model& what);
    void finish_answers();
    void go_back(const pool_model& wanted, const pooled::process_report& failed);
    void set(state now);
    void end(state how, std::string why, std::deque<std::string> last_lines = {});
    [[nodiscard]] bool is_under_way() const; // with the lock
    [[nodiscard]] static const char* word(state of);

    const swapped_pool of_;
    mutable std::mutex mutex_; // guards what follows
    pool_model now_;
    std::optional<record> last_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_; // of the last swap
};

} // namespace tw
