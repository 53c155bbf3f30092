// A target that this process loads: its exactness, its chat template, the policy of its pipeline.
#pragma once

#include <functional>

#include "config/config.hpp"
#include "pipeline/engine_pipeline.hpp"
#include "pipeline/nodes.hpp"
#include "wire/hello.hpp"

namespace tw {

// All of a pipeline but its drafters. `progress` gets 0 … 1 and returns false to give up.
[[nodiscard]] result<engine_pipeline_parts> load_local_target(const pipeline_config& wanted, const resolved_node& target,
                                                              const registry& plugins,
                                                              const std::function<bool(float)>& progress);

// What other machines are told of it, under that name.
[[nodiscard]] wire::served_engine describe_target(const engine& model, const exactness_claim& exactness,
                                                  const std::string& name);

} // namespace tw
