// What the commands about memory have in common: a model's files and how much of them lies in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace tw::cli {

struct model_files {
    std::vector<std::filesystem::path> files; // of a split model all
    std::uint64_t bytes = 0;
};

// `written` as in model_path. Errors: a file is not there, or does not begin as a model does.
[[nodiscard]] result<model_files> find_model(const std::string& written);

// "1.2 GiB (1288490188 bytes)", or "not known".
[[nodiscard]] std::string exactly(const std::optional<std::uint64_t>& bytes);

} // namespace tw::cli
