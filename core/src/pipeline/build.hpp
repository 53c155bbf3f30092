// From configuration to running pipelines: names become loaded models.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/registry.hpp"

namespace tw {

// How this program starts itself as another process. For one that holds a model over a pool: up to "pool-engine".
struct own_command {
    std::filesystem::path program{}; // empty = it cannot: the system does not say what runs
    std::vector<std::string> arguments{};
};

// Loads every model, but those of pipelines with load = "on-demand", and starts every pipeline. `progress` gets 0 … 1
// over all loads and returns false to give up. A node named by several edges is loaded once for each of them.
// `launch`: for targets over a pool. `config` and `plugins` must outlive the pipelines, which may load from them later.
[[nodiscard]] result<std::vector<std::shared_ptr<pipeline>>>
build_pipelines(const configuration& config, const registry& plugins, const std::function<bool(float)>& progress,
                const own_command& launch = {});

} // namespace tw
