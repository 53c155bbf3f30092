// How a llama-server is started that holds a model over a pool.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/config.hpp"

namespace tw::pooled {

// Its arguments, those of the pool last. `options_json`: of the backend, and what worker_ways adds to it. Any thread.
// Errors: an option that a llama-server is not told in this version; the sentence names it and the remedy.
[[nodiscard]] result<std::vector<std::string>> llama_server_arguments(const std::string& options_json, const pool_config& pool,
                                                                      std::uint16_t port);

} // namespace tw::pooled
