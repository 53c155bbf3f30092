// Walks the folders.
#include "agent/model_files.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "models/ollama_store.hpp"

namespace tw::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_models = 1000, most_entries = 100000;
constexpr int deepest = 3;

std::vector<fs::directory_entry> gguf_below(const fs::path& folder) {
    std::vector<fs::directory_entry> out;
    std::error_code failed;
    std::size_t seen = 0;
    auto one = fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied, failed);
    for (; !failed && one != fs::recursive_directory_iterator() && ++seen < most_entries; one.increment(failed)) {
        if (one.depth() >= deepest) one.disable_recursion_pending();
        std::error_code gone;
        if (one->path().extension() == ".gguf" && one->is_regular_file(gone) && out.size() < most_models) out.push_back(*one);
    }
    std::ranges::sort(out);
    return out;
}

std::uint64_t size_of(const fs::directory_entry& file) {
    std::error_code failed;
    const auto size = file.file_size(failed);
    return failed ? 0 : size;
}

} // namespace

std::vector<model_file> list_models(const std::vector<fs::path>& folders, const fs::path& cache,
                                    const std::vector<fs::path>& ollama) {
    std::vector<model_file> out;
    for (const auto& folder : folders)
        for (const auto& file : gguf_below(folder))
            out.push_back({to_valid_utf8(file.path().string()), "folder", size_of(file)});
    for (const auto& file : gguf_below(cache))
        out.push_back({"cache:" + to_valid_utf8(file.path().lexically_relative(cache).string()), "cache", size_of(file)});
    for (const auto& one : ollama_store(ollama).list()) out.push_back({"ollama:" + one.name, "ollama", one.bytes});
    return out;
}

} // namespace tw::agent
