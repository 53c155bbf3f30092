// How this program starts itself as another process.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "commands/commands.hpp"
#include "config/config.hpp"

namespace tw::cli {

struct own_command {
    std::filesystem::path program; // empty = the system does not say what runs
    std::vector<std::string> arguments;
};

// `name` with the same configuration file and plugins, from any folder.
[[nodiscard]] own_command command_of(const std::string& name, const global_options& global,
                                     const configuration& config);

} // namespace tw::cli
