// Where Tightwad keeps things on this machine.
#pragma once

#include <filesystem>
#include <string>

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

} // namespace tw
