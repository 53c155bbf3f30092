// The tokens by which a model is told of a gap in a text.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bridge/engine.hpp"

namespace tw {

// The prompt is: prefix, what stands before the gap, suffix, what stands behind it, middle. Then the model fills it.
struct infill_tokens {
    std::int32_t prefix = 0, suffix = 0, middle = 0;
};

// By the names that llama.cpp knows them by. None where the model has not all of them.
[[nodiscard]] std::optional<infill_tokens> infill_tokens_of(const std::vector<engine::token_info>& vocabulary);

} // namespace tw
