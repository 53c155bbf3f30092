// Starts the process that holds a target over a pool, and makes the pipeline that uses it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "peer/peer_links.hpp"
#include "pipeline/build.hpp"
#include "pipeline/nodes.hpp"
#include "pipeline/pool_pipeline.hpp"
#include "pipeline/remote.hpp"
#include "pipeline/server_pool.hpp"

namespace tw {

// Waits until the model is loaded, or until it is known that a worker keeps it from that: then the pipeline answers with
// the reason, and the process is started again and again. Configuration and plugins outlive the pipeline. Errors: cancelled
// by `progress`, no free port, no program to start, and whatever ends the process that is no worker's fault, with the last
// lines of its log.
[[nodiscard]] result<std::shared_ptr<pool_pipeline>>
pooled_target(const pipeline_config& wanted, const node_config& target, const configuration& config,
              const registry& plugins, const own_command& launch, peer::peer_links& links, const lent_drafters& drafts,
              const std::function<bool(float)>& progress);

// The same with the llama-server that the pool names in the place of this program; it answers plainly.
[[nodiscard]] result<std::shared_ptr<server_pool>>
server_over_pool(const pipeline_config& wanted, const resolved_node& target, const configuration& config,
                 const registry& plugins, const own_command& launch, const std::function<bool(float)>& progress);

} // namespace tw
