// How much memory the models of a pipeline take, from their files alone.
#pragma once

#include <cstdint>

#include "config/config.hpp"
#include "plugin/registry.hpp"

namespace tw {

// Weights and cache, in bytes, of everything that this machine loads for the pipeline: an estimate, without what a pass
// computes with. What lies on other machines, and files whose headers cannot be read, count nothing.
[[nodiscard]] std::uint64_t memory_need(const pipeline_config& wanted, const configuration& config, const registry& plugins);

} // namespace tw
