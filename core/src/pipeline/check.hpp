// What is wrong with a configuration's pipelines, as far as it can be known without loading a model.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "plugin/registry.hpp"

namespace tw {

// Are the plugins there, can they do what the edges ask, are the model files whole? Every mistake at once, each with its place
// in the configuration.
[[nodiscard]] std::vector<diagnostic> check_pipelines(const configuration& config, const registry& plugins);

// What works and lets others listen: links without encryption to other machines, to peers, workers and rpc-servers. For
// `check` and for the log.
[[nodiscard]] std::vector<diagnostic> unencrypted_links(const configuration& config);

// Why a server's text cannot be drafted for, and what to do.
[[nodiscard]] std::string no_logits(const std::string& target);

} // namespace tw
