// Chooses tokens: the sampler chain, then the shared noise.
//
// The rule: argmax over x of l_x / temperature + G(seed, position, x), where l are the logits
// after, in this order (llama.cpp's),
//   1. logit_bias         added in the given order
//   2. repeat_penalty     over the last repeat_last_n tokens of prompt and output
//      frequency_penalty  times the occurrences among the generated tokens, subtracted
//      presence_penalty   subtracted if it occurs there
//   3. top_k              largest logit first, then smallest id
//   4. top_p              over what top_k left, at temperature 1
//   5. min_p              likewise, against the likeliest token
//   6. temperature        0: no noise, the largest logit wins
// and, before all of them, -infinity for what the answer's grammar does not allow in this place,
// and G the Gumbel noise of noise.hpp. Equal scores go to the smallest id. A NaN counts as
// -infinity; -infinity never wins, unless the row holds nothing else: then token 0 does. A
// +infinity wins outright.
#pragma once

#include "sampling/history.hpp"
#include "sampling/mask_history.hpp"
#include "sampling/noise.hpp"
#include "sampling/params.hpp"
#include "sampling/truncate.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace tw {

/// Two hosts that differ in it must not draft for each other.
inline constexpr std::uint32_t sampler_revision = 1;

/// A pick, and how nearly another token won it.
struct ranked_pick {
    std::int32_t token = 0;
    std::int32_t runner_up = -1; ///< -1 = no other token could have won
    /// The winner's score less the runner-up's: logits over temperature plus noise, logits alone at
    /// temperature 0. Infinity without a runner-up.
    float margin = 0;
};

/// The only code that picks a token. A pure function of (logits, params, absolute position, the
/// tokens before it): drafter and verifier, each with its own sampler and the same history, agree
/// whenever their logits do. One per sequence; not thread-safe.
class sampler {
  public:
    /// `params` must have passed `validate()`. `n_vocab` is the length of every row of logits.
    sampler(sampling_params params, std::int32_t n_vocab);

    /// The answer follows this grammar, from here on; before the first push.
    void constrain(std::unique_ptr<token_mask> grammar) { mask_.emplace(std::move(grammar)); }
    /// No grammar any more, and none is held.
    void release() { mask_.reset(); }
    /// Why the picks are worth nothing since: the grammar failed, or allows none of the tokens.
    [[nodiscard]] std::optional<error> failure() const { return mask_ ? mask_->failure() : std::nullopt; }

    /// Starts a history: what repeat_penalty sees, and presence/frequency do not.
    void prompt(std::span<const std::int32_t> tokens);
    /// One generated token joins the history.
    void push(std::int32_t token);
    /// Takes back the last `n` pushed tokens, never the prompt's.
    void pop(std::size_t n = 1);

    /// `position` is the absolute index of the token being chosen: the prompt's length for the
    /// first. Changes nothing but scratch memory. Of a row of another length than `n_vocab`, the
    /// shorter of the two is used; an empty row gives 0.
    [[nodiscard]] std::int32_t pick(std::span<const float> logits, std::int64_t position);

    /// The same token as `pick`, and what would have won without it. Costs about two picks.
    [[nodiscard]] ranked_pick pick_ranked(std::span<const float> logits, std::int64_t position);

    [[nodiscard]] const sampling_params& params() const noexcept { return params_; }

  private:
    [[nodiscard]] std::span<const float> adjust(std::span<const float> logits);
    [[nodiscard]] std::int32_t choose(std::span<const float> row, std::int64_t position);
    [[nodiscard]] std::optional<std::int32_t> allowed_winner(std::span<const float> row, std::int64_t position);
    [[nodiscard]] std::span<const float> masked(std::span<const float> row);
    [[nodiscard]] bool mask_all_but_head(std::span<const float> row);
    [[nodiscard]] static ranked_pick two_largest(std::span<const float> row);
    [[nodiscard]] double score(float logit, const noise_key& key, std::int32_t token) const;

    sampling_params params_;
    std::size_t n_vocab_;
    bool penalised_;
    token_history history_;
    truncation truncation_;
    std::optional<mask_history> mask_;
    std::vector<float> adjusted_, masked_;
    std::vector<std::int32_t> head_;
};

} // namespace tw
