// Which model files a process works with, and which processes still map a file. By /proc, so on Linux alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace tw::memory {

// Whether it is a file that begins with "GGUF". Reads one page of it and no more.
[[nodiscard]] bool is_model_file(const std::filesystem::path& file);

// The process that listens on a TCP port of this machine. Errors: none does; it is another user's.
[[nodiscard]] result<int> listener_of(std::uint16_t port);

// The model files that the process maps, has open or was started with, each once. Errors: there
// is no such process; it is another user's; it has none.
[[nodiscard]] result<std::vector<std::filesystem::path>> model_files_of(int pid);

struct mapper {
    int pid = 0;
    std::string name; // of the program
};

// Processes that map the file, of those that may be looked into.
[[nodiscard]] std::vector<mapper> mappers_of(const std::filesystem::path& file);

} // namespace tw::memory
