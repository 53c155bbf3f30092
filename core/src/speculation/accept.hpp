// The verifier: how much of a draft the target itself would have said.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bridge/engine.hpp"
#include "sampling/sampler.hpp"
#include "speculation/draft_path.hpp"

namespace tw {

struct verdict {
    std::vector<std::int32_t> tokens; // the draft as far as it stands, then one of the target's own
    std::vector<std::int32_t> picks;  // the target's, place by place; others than `tokens` only where it was not asked
    std::size_t stood = 0;            // how many of them are the draft's
};

// Judges `draft` by the shared-seed coupling (sampling/noise.hpp): row i of `logits`, from `first_row` on,
// follows the committed tokens and the first i drafts; the sampler picks at each position until the
// pick differs from the draft, or the draft is used up and one more token comes free. What is picked
// depends on the target's logits alone, never on the draft.
//
// `position` is the absolute index of the first token to pick. `sampler` has seen exactly the tokens
// before it, and has seen the verdict's tokens afterwards. `limit` ≥ 1 caps the number of tokens;
// picking ends after a token for which `ends` says so.
//
// A drafted token that is `agreed` stands whatever the pick (consensus.hpp): what follows is then no longer what the target
// alone would have said. Without one the answer is exact.
template <class Ends>
verdict accept(const engine::logits_view& logits, std::int32_t first_row, std::int64_t position,
               std::span<const drafted_token> draft, std::size_t limit, sampler& sampler, Ends ends) {
    verdict out;
    for (std::size_t i = 0; i <= draft.size() && i < limit; ++i) {
        const auto row = logits.row(first_row + static_cast<std::int32_t>(i));
        const auto pick = sampler.pick(row, position + static_cast<std::int64_t>(i));
        const bool stands = i < draft.size() && (draft[i].agreed || pick == draft[i].token);
        const auto token = stands ? draft[i].token : pick;
        sampler.push(token);
        out.tokens.push_back(token);
        out.picks.push_back(pick);
        if (stands) ++out.stood;
        if (!stands || ends(token)) break;
    }
    return out;
}

} // namespace tw
