// The exact verifier: how much of a draft the target itself would have said.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bridge/engine.hpp"
#include "sampling/sampler.hpp"

namespace tw {

struct verdict {
    std::vector<std::int32_t> tokens; // the target's picks: the accepted draft, then one of its own
    std::size_t accepted = 0;         // how many of them are the draft's
};

// Judges `draft` by the shared-seed coupling (sampling/noise.hpp): row i of `logits`, from `first_row` on,
// follows the committed tokens and the first i drafts; the sampler picks at each position until the
// pick differs from the draft, or the draft is used up and one more token comes free. What is picked
// depends on the target's logits alone, never on the draft.
//
// `position` is the absolute index of the first token to pick. `sampler` has seen exactly the tokens
// before it, and has seen the verdict's tokens afterwards. `limit` ≥ 1 caps the number of tokens;
// picking ends after a token for which `ends` says so.
template <class Ends>
verdict accept(const engine::logits_view& logits, std::int32_t first_row, std::int64_t position,
               std::span<const std::int32_t> draft, std::size_t limit, sampler& sampler, Ends ends) {
    verdict out;
    for (std::size_t i = 0; i <= draft.size() && i < limit; ++i) {
        const auto row = logits.row(first_row + static_cast<std::int32_t>(i));
        const auto token = sampler.pick(row, position + static_cast<std::int64_t>(i));
        sampler.push(token);
        out.tokens.push_back(token);
        const bool equal = i < draft.size() && token == draft[i];
        if (equal) ++out.accepted;
        if (!equal || ends(token)) break;
    }
    return out;
}

} // namespace tw
