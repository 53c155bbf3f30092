// Where Tightwad keeps things on this machine.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace tw {

// An environment variable, empty when it is not set.
[[nodiscard]] std::string environment(const char* name);

// $HOME; the current folder when that is not set.
[[nodiscard]] std::filesystem::path home_folder();

// $TIGHTWAD_CACHE, else $XDG_CACHE_HOME/tightwad, else ~/.cache/tightwad.
[[nodiscard]] std::filesystem::path cache_folder();

// $TIGHTWAD_STATE, else $XDG_STATE_HOME/tightwad, else ~/.local/state/tightwad.
[[nodiscard]] std::filesystem::path state_folder();

// A path of the configuration: `cache:NAME` is models/NAME in the cache folder, a leading `~/` the home
// folder, and what is left is relative to `base`.
[[nodiscard]] std::filesystem::path resolve_path(const std::string& written,
                                                 const std::filesystem::path& base);

// The same, and `ollama:NAME` is the file of a model that Ollama has fetched; the error says why it is not there.
[[nodiscard]] result<std::filesystem::path> resolve_file(const std::string& written,
                                                         const std::filesystem::path& base);

// Where Ollama may keep its models: $OLLAMA_MODELS alone when it is set.
[[nodiscard]] std::vector<std::filesystem::path> ollama_folders();

} // namespace tw
