// What the commands begin with: the plugins, and the configuration checked against them.
#pragma once

#include <string_view>
#include <vector>

#include "commands/commands.hpp"
#include "config/config.hpp"
#include "plugin/registry.hpp"

namespace tw::cli {

struct setup {
    configuration config;
    registry plugins;
};

// Nobody names a configuration, and there is none where one is looked for.
[[nodiscard]] bool is_without_file(const global_options& global);

// Finds the file (without one, TIGHTWAD_TARGET_URL and its like), loads the plugins it names and no other one, reads
// the file. Mistakes are the error.
// Call it from the main thread before others start.
[[nodiscard]] boost::system::result<setup, std::vector<diagnostic>> load_setup(const global_options& global);

// The file, or those variables, alone: where the endpoint is and what it serves. No plugin is opened.
[[nodiscard]] load_result load_config(const global_options& global);

// The mistake of a file that only describes a peer, for commands that need something served; empty if there is a
// pipeline.
[[nodiscard]] std::vector<diagnostic> missing_pipelines(const configuration& config);

// The plugins alone, with the pins of the configuration if there is one.
[[nodiscard]] registry scan_plugins(const global_options& global);

// The option table of a plugin as a backend; the error says why it is not there or cannot be one. `interface` as in
// option_lookup.
[[nodiscard]] result<std::vector<option_info>> backend_options(const registry& plugins, std::string_view interface,
                                                               std::string_view plugin);

// All mistakes on stderr, and how many there are; returns exit_usage.
int report_mistakes(const std::vector<diagnostic>& mistakes);
void report_warnings(const std::vector<diagnostic>& warnings); // likewise; they forbid nothing

} // namespace tw::cli
