// Log probabilities in OpenAI's two shapes: chat's list of objects, and the parallel lists of completions.
#pragma once

#include <span>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/pipeline.hpp"

namespace tw::front {

[[nodiscard]] nlohmann::ordered_json chat_logprobs(std::span<const token_likelihood> tokens);

/// `prompt` may be empty; its first token has no probability, which is null. The last token ends
/// `end` code points into the text.
[[nodiscard]] nlohmann::ordered_json completion_logprobs(std::span<const token_likelihood> prompt,
                                                         std::span<const token_likelihood> tokens,
                                                         std::size_t end);

} // namespace tw::front
