// Workers that compute with another llama.cpp than the coordinator.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace tw::pooled {

// A sentence for each worker behind a peer whose rpc-server has another ggml than `own`, such as "0.25.1"; both are named.
// Nothing is said of a worker without a peer, of a peer that does not tell or is not reached, and where `own` is empty.
// Asks the peers one after the other, a few seconds each at the most. Any thread.
[[nodiscard]] std::vector<std::string> other_builds(const pool_config& pool, const std::string& own);

} // namespace tw::pooled
