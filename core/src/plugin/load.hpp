// Maps a plugin into this process, for good, and checks what its entry says.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <tightwad/abi/plugin.h>

#include "base/error.hpp"

namespace tw {

// Runs the library's constructors. The file should have passed inspect() and rehearse(). The error
// is the refusal's sentence; a library that was mapped stays mapped even then.
[[nodiscard]] result<const tw_plugin*> load(const std::filesystem::path& file);

// Its parts: the mapping alone; and what is wrong with a mapped entry, nothing when it is sound
// (the interfaces' tables are vtable_fault's business).
[[nodiscard]] result<const tw_plugin*> map_library(const std::filesystem::path& file);
[[nodiscard]] std::optional<std::string> entry_fault(const tw_plugin& entry,
                                                     const std::filesystem::path& file);

} // namespace tw
