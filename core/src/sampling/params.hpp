// What a request says about how its tokens are chosen.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tw {

/// The sampler's settings. Plain values; `validate()` says whether they can be used.
struct sampling_params {
    /// Divides the logits last, before the noise. 0 = greedy: the same rule without noise.
    float temperature = 1.0F;
    /// Keep the k likeliest tokens. 0 = off.
    std::int32_t top_k = 0;
    /// Keep the shortest head of the distribution that holds this much of it. 1 = off.
    float top_p = 1.0F;
    /// Keep tokens at least this fraction as likely as the likeliest one. 0 = off.
    float min_p = 0.0F;
    /// llama.cpp's convention: over the last `repeat_last_n` tokens of prompt and output, a logit
    /// above 0 is divided by it, another one multiplied. 1 = off.
    float repeat_penalty = 1.0F;
    /// Tokens. 0 = off, -1 = all of them.
    std::int32_t repeat_last_n = 64;
    /// OpenAI's convention: over the generated tokens only. Subtracted once for a token that
    /// occurs.
    float presence_penalty = 0.0F;
    /// Subtracted once per occurrence.
    float frequency_penalty = 0.0F;
    /// Added to the logits of single tokens, in this order. -infinity bans a token.
    std::vector<std::pair<std::int32_t, float>> logit_bias{};
    /// What the whole answer must look like, as tightwad/abi/ext/grammar.h has it; empty = anything.
    /// A sampler is told by `constrain`. It crosses to a target elsewhere, not to a drafter there, which drafts
    /// without it, which costs acceptance only.
    std::string grammar{};
    /// Names the noise: same seed, same prompt, same model, same answer.
    std::uint64_t seed = 0;
};

} // namespace tw
