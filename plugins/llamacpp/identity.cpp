// What the weights of a model file are, as a short digest that is cheap to take.
#include "identity.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>

#include <llama.h>

#include <tightwad/sdk/error.hpp>

namespace llamacpp {
namespace {

constexpr std::uint64_t header = 1U << 20U, block = 1U << 16U, blocks = 64;

// FNV-1a: the same on every machine.
class fnv {
  public:
    void add(const char* data, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i) value_ = (value_ ^ static_cast<unsigned char>(data[i])) * 0x100000001b3U;
    }
    [[nodiscard]] std::uint64_t value() const { return value_; }

  private:
    std::uint64_t value_ = 0xcbf29ce484222325U;
};

// Adds the samples of one file to the hash; its size.
std::uint64_t add_file(fnv& hash, const std::string& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    const auto end = file.tellg();
    std::vector<char> bytes(header);
    const auto add = [&](std::uint64_t at, std::uint64_t most) {
        file.seekg(static_cast<std::streamoff>(at));
        file.read(bytes.data(), static_cast<std::streamsize>(most));
        hash.add(bytes.data(), static_cast<std::size_t>(file.gcount()));
        file.clear(file.rdstate() & std::ios::badbit); // a block that is cut by the file's end is no fault
    };
    const auto size = end < 0 ? 0 : static_cast<std::uint64_t>(end);
    if (end >= 0) {
        add(0, header);
        const auto last = size > block ? size - block : 0;
        for (std::uint64_t i = 0; i < blocks; ++i) add(last / (blocks - 1) * i, block);
    }
    if (!file) throw tw::sdk::failure(TW_DENIED, "The file " + path + " cannot be read.");
    return size;
}

// The files of a model: llama.cpp calls them NAME-00001-of-00003.gguf.
std::vector<std::string> files_of(const std::string& path) {
    const auto dash = path.rfind("-of-");
    int n = 0;
    if (dash == std::string::npos || std::sscanf(path.c_str() + dash, "-of-%5d.gguf", &n) != 1 || n < 2) return {path};
    std::array<char, 4096> name{};
    if (llama_split_prefix(name.data(), name.size(), path.c_str(), 0, n) <= 0) return {path};
    const std::string prefix = name.data();
    std::vector<std::string> files;
    for (int i = 0; i < n; ++i) {
        llama_split_path(name.data(), name.size(), prefix.c_str(), i, n);
        files.emplace_back(name.data());
    }
    return files;
}

} // namespace

std::string identity_of(const std::string& path) { return identity_of_files(files_of(path)); }

std::string identity_of_files(const std::vector<std::string>& paths) {
    fnv hash;
    std::uint64_t size = 0;
    for (const auto& file : paths) size += add_file(hash, file);
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%llx-%016llx", static_cast<unsigned long long>(size),
                  static_cast<unsigned long long>(hash.value()));
    return text.data();
}

} // namespace llamacpp
