// How this program starts itself as the process that holds a model over a pool.
#pragma once

#include "commands/commands.hpp"
#include "pipeline/build.hpp"

namespace tw::cli {

// With the same configuration file and plugins. Its program is empty where the system does not say what runs.
[[nodiscard]] pool_launch launch_of(const global_options& global, const configuration& config);

} // namespace tw::cli
