// The models of this machine that a configuration may name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tw::agent {

struct model_file {
    std::string name; // as "model_path" takes it: a path, cache:NAME or ollama:NAME
    std::string source; // "folder", "cache", "ollama"
    std::uint64_t bytes = 0;
};

// *.gguf below `folders` and in `cache` (three folders deep, links to folders not followed), and Ollama's, sorted
// within each source. At most 1000 of each source.
[[nodiscard]] std::vector<model_file> list_models(const std::vector<std::filesystem::path>& folders,
                                                  const std::filesystem::path& cache,
                                                  const std::vector<std::filesystem::path>& ollama);

} // namespace tw::agent
