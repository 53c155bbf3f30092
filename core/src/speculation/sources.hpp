// Where drafted tokens come from.
#pragma once

#include <cstddef>

namespace tw {

// Cheapest first: what was said before in this text, what the client expects, a small model.
enum class draft_source { ngram, prediction, model };
inline constexpr std::size_t draft_sources = 3;

[[nodiscard]] constexpr const char* name(draft_source source) {
    constexpr const char* names[] = {"ngram", "prediction", "model"};
    return names[static_cast<std::size_t>(source)];
}

} // namespace tw
