// The models that Ollama has fetched to this machine, by Ollama's own names; used in place, never copied.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tw {

// What stands behind "ollama:": [[REGISTRY/]NAMESPACE/]NAME[:TAG].
struct ollama_name {
    std::string registry, space, model, tag;

    // As Ollama writes it: without the registry, namespace and tag that go without saying.
    [[nodiscard]] std::string text() const;
};

// "qwen3:8b", "me/model", "hf.co/user/repo:Q4_K_M". Every part is a plain file name; no part can lead out of a folder.
[[nodiscard]] result<ollama_name> parse_ollama_name(std::string_view text);

struct ollama_model {
    std::string name; // without "ollama:"
    std::uint64_t bytes = 0;
    std::filesystem::path file; // the weights, a GGUF file
};

// Folders that hold "manifests" and "blobs", the first found wins. Reads files anew at each call; any thread.
class ollama_store {
  public:
    explicit ollama_store(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {}

    // The file with the weights of `name`. Errors: a name that is none, a model that is not there (the sentence
    // lists those that are), a damaged manifest, weights that are missing or lie outside the folder.
    [[nodiscard]] result<std::filesystem::path> find(std::string_view name) const;

    // All that can be used, by name; at most 1000.
    [[nodiscard]] std::vector<ollama_model> list() const;

  private:
    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] error missing(const ollama_name& name) const;

    std::vector<std::filesystem::path> folders_;
};

} // namespace tw
