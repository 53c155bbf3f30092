// Loads a plugin in a child process first, to see whether that can be survived.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace tw {

// A library's constructors run inside the loader, where an abort ends the whole process. So a copy
// of this process does it first. Returns why the file must not be loaded here, as one plain
// sentence; nothing when the child survived. (A file that the loader merely refuses is survived.)
//
// Call it while the process has one thread: the child holds a copy of that thread alone.
[[nodiscard]] std::optional<std::string>
rehearse(const std::filesystem::path& file,
         std::chrono::milliseconds limit = std::chrono::seconds{20});

} // namespace tw
