// Looks at a file that claims to be a plugin without running any of its code.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace tw {

// Why the host will not load the file, as one plain sentence; nothing when it may try. Reads the
// file only: an attacker's bytes are bounds-checked before Boost.DLL's reader sees them.
[[nodiscard]] std::optional<std::string> inspect(const std::filesystem::path& file);

// Its three parts, in their order: who may change the file; whether it is a whole shared library
// for this machine; whether it exports this contract's entry. The last expects a library that is
// whole.
[[nodiscard]] std::optional<std::string> inspect_file(const std::filesystem::path& file);
[[nodiscard]] std::optional<std::string> inspect_library(const std::filesystem::path& file);
[[nodiscard]] std::optional<std::string> inspect_contract(const std::filesystem::path& file);

} // namespace tw
