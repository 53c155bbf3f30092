// Maps a plugin into this process, for good, and checks what its entry says.
#pragma once

#include <filesystem>

#include <tightwad/abi/plugin.h>

#include "base/error.hpp"

namespace tw {

// Runs the library's constructors. The file should have passed inspect() and rehearse(). The error
// is the refusal's sentence; a library that was mapped stays mapped even then.
[[nodiscard]] result<const tw_plugin*> load(const std::filesystem::path& file);

} // namespace tw
