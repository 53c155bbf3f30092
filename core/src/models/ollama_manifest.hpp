// Reads what Ollama wrote about one model: which of its files holds the weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tw {

inline constexpr std::size_t max_manifest_bytes = 1U << 20U;

struct ollama_manifest {
    std::string blob;        // the weights' file below blobs/: "sha256-" and 64 hex digits
    std::uint64_t bytes = 0; // as the manifest says; 0 = it does not
};

// Any bytes. The error is the end of a sentence, such as "is no JSON".
[[nodiscard]] result<ollama_manifest> parse_ollama_manifest(std::string_view text);

} // namespace tw
