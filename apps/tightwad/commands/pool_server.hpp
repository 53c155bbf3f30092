// A llama-server that holds a model over a pool, as a child of the process that `serve` started for it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <sys/types.h>

#include "commands/stop_flag.hpp"
#include "config/config.hpp"

namespace tw::cli {

// Runs the pool's llama-server on that port of 127.0.0.1 until `stop` is raised. On the main thread: the server dies with
// it. `options_json`: the backend's, with the ways to the workers. The key that the server asks for is the variable
// TIGHTWAD_POOL_TOKEN. `ready` is called when it answers, with its pid. Errors: it cannot be started, or it ended; its last
// line.
[[nodiscard]] result<void> hold_server(const pool_config& pool, const std::string& options_json, std::uint16_t port,
                                       const stop_flag& stop, const std::function<void(pid_t)>& ready);

} // namespace tw::cli
