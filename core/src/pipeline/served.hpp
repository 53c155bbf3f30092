// The engines of [peer]: loaded here, for other machines.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "config/config.hpp"
#include "peer/served_drafter.hpp"
#include "peer/served_target.hpp"
#include "plugin/registry.hpp"

namespace tw {

struct served_engines {
    std::vector<std::shared_ptr<peer::served_drafter>> drafters;
    std::vector<peer::served_target> targets;
};

// Loads the backends that [peer] names as drafts and as targets; one named twice is loaded twice. `progress` gets
// 0 … 1 and returns false to give up.
[[nodiscard]] result<served_engines> load_served(const configuration& config, const registry& plugins,
                                                 const std::function<bool(float)>& progress);

} // namespace tw
