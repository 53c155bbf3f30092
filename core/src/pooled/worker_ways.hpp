// The ways to the workers of a pool: a port on loopback for each, in this process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "net/tunnel.hpp"

namespace tw::pooled {

// Any thread.
class worker_ways {
  public:
    // Connects to nobody yet. `lost` is called on a thread of the ways when a worker is not reached or ends a
    // connection; the sentence names it and the remedy. Errors: a token that cannot be read, or those of
    // tunnel::open().
    [[nodiscard]] static result<worker_ways> open(const pool_config& pool,
                                                  const std::function<void(const error&)>& lost);

    // The options of a backend with those that lead an engine to the workers: "rpc", "rpc_names", "rpc_on_cpu",
    // "rpc_output", "rpc_experts", "rpc_vram" where every worker says it. `options_json` is a JSON object.
    [[nodiscard]] std::string options_for(const std::string& options_json) const;

    // On loopback, where the way to the pool's worker of that number begins.
    [[nodiscard]] std::uint16_t port(std::size_t worker) const { return ways_[worker].through->port(); }

  private:
    struct way {
        pool_worker to;
        std::unique_ptr<net::tunnel> through;
    };
    std::vector<way> ways_;
    std::string output_; // as the pool says
};

} // namespace tw::pooled
