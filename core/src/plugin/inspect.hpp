// Looks at a file that claims to be a plugin without running any of its code.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace tw {

// Why the host will not load the file, as one plain sentence; nothing when it may try. Reads the
// file only: an attacker's bytes are bounds-checked before Boost.DLL's reader sees them.
[[nodiscard]] std::optional<std::string> inspect(const std::filesystem::path& file);

} // namespace tw
