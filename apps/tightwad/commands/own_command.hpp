// How this program starts itself as another process.
#pragma once

#include <string>

#include "commands/commands.hpp"
#include "pipeline/build.hpp"

namespace tw::cli {

// `name` with the same configuration file and plugins, from any folder.
[[nodiscard]] own_command command_of(const std::string& name, const global_options& global,
                                     const configuration& config);

} // namespace tw::cli
