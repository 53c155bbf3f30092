// The engines of [peer]: loaded here, for other machines.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "peer/served_drafter.hpp"
#include "peer/served_target.hpp"
#include "pipeline/nodes.hpp"
#include "plugin/registry.hpp"

namespace tw {

struct served_engines {
    struct drafter {
        std::shared_ptr<peer::served_drafter> what;
        std::string model; // as the engine calls it
    };
    struct target {
        peer::served_target what;
        std::string model;
    };
    std::vector<drafter> drafters;
    std::vector<target> targets;
};

// One target with the settings of `wanted`, of which the draft is not used: other machines bring drafters.
[[nodiscard]] result<served_engines::target> load_served_target(const resolved_node& node,
                                                                const pipeline_config& wanted, const registry& plugins,
                                                                const std::function<bool(float)>& progress);

// Loads the backends that [peer] names as drafts and as targets; one named twice is loaded twice. `progress` gets
// 0 … 1 and returns false to give up.
[[nodiscard]] result<served_engines> load_served(const configuration& config, const registry& plugins,
                                                 const std::function<bool(float)>& progress);

} // namespace tw
