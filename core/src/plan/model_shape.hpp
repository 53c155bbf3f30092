// What a model needs of a machine: bytes of each layer, and of the cache for a context.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plan/gguf_header.hpp"

namespace tw::plan {

struct layer_shape {
    std::uint64_t bytes = 0;        // of all its weights
    std::uint64_t expert_bytes = 0; // of these, in tensors that hold all experts of the layer ("_exps")
    // Of the cache, for each token of a sequence, keys and values kept in 2 bytes a number; none = not known.
    std::optional<std::uint64_t> cache_bytes_per_token{};
};

// Of the layers that attend, and of their feed-forward part.
struct attention_shape {
    std::uint32_t heads = 0, cached_heads = 0; // of queries; of keys and values
    std::uint32_t head_width = 0, feed_forward = 0;
};

struct model_shape {
    std::string name, architecture;
    std::uint64_t file_bytes = 0, weight_bytes = 0, files = 0;
    std::uint64_t context = 0, vocabulary = 0;   // that it was trained for; 0 = not said
    std::uint64_t width = 0;                     // numbers of a hidden state; 0 = not said
    std::uint64_t experts = 0, experts_used = 0; // 0 = it has none
    std::optional<attention_shape> attention{}; // of the first layer; none = not known, or of another kind
    std::uint64_t embedding_bytes = 0;           // of the token embedding
    std::uint64_t output_bytes = 0; // of what follows the last layer; the embedding's where it is used for both
    bool tied = false;              // it is
    std::vector<layer_shape> layers;
    std::map<std::string, std::uint64_t> bytes_by_type; // "Q4_0"

    // For one sequence of `tokens`; none where a layer's is not known.
    [[nodiscard]] std::optional<std::uint64_t> cache_bytes(std::uint64_t tokens) const;
    // Read for one token: all weights, but of the experts only those that are used, and one row of the embedding.
    [[nodiscard]] std::uint64_t bytes_per_token() const;
};

// Of one header, or of those of all files of a split model.
[[nodiscard]] result<model_shape> shape_of(const std::vector<gguf_header>& headers);

// Reads the headers of a model's files. The error names the file.
[[nodiscard]] result<model_shape> inspect_model(const std::filesystem::path& file);

} // namespace tw::plan
