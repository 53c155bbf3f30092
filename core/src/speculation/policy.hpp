// How many tokens to draft: the arithmetic of speculation.md section 5, on measured times and chances.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "speculation/messages.hpp"
#include "speculation/step_times.hpp"

namespace tw {

// A round of so many tokens drafted for each answer, and what it is expected to yield.
struct round_plan {
    std::size_t length = 0; // tokens drafted per answer
    double tokens = 0;      // expected: shared_tokens()
    double seconds = 0;     // of the round

    [[nodiscard]] double rate() const { return seconds > 0 ? tokens / seconds : 0; }
};

// E(γ) = (1 - α^(γ+1)) / (1 - α): tokens of a round with γ drafts, each accepted with chance α (Leviathan, Kalman,
// Matias, "Fast Inference from Transformers via Speculative Decoding", arXiv 2211.17192, equation 1).
[[nodiscard]] double expected_tokens(double alpha, std::size_t length);

// What a round yields in all when answers share it: as many times the geometric mean of theirs. An answer without drafts
// waits for the rows of the others', and would be slower than alone for the sake of the sum (proportional fairness: the sum
// of the logarithms of all rates is what is made largest).
[[nodiscard]] double shared_tokens(const std::vector<double>& each);

// What passes take: v(k) of their rows.
struct pass_times {
    const step_times& steps;
    std::size_t least_rows = 1; // of every pass: those of a shape that is held, too

    [[nodiscard]] double seconds(std::size_t rows) const { return steps.seconds(std::max(rows, least_rows)); }
};

// The common length at which drafts that exist already yield most. chances[i][j] is the chance that token j of answer i's
// draft is accepted if those before it are; shorter drafts are padded. Length 0, a plain step, is among the choices.
// `usual` is the rate that rounds are expected to have: a second is worth that many tokens, so most is what is left of this
// round's tokens when its time is paid (Dinkelbach 1967: the length that maximizes E(tokens) - usual * E(time) maximizes the
// long run's E(tokens) / E(time)). With 0, not known, the round's own tokens per second count.
[[nodiscard]] round_plan best_cut(const std::vector<std::vector<double>>& chances, std::size_t most,
                                  const pass_times& times, double usual = 0);

// What a pass with 1, 2, … `most` + 1 rows for each answer is worth now, in seconds: the time that its tokens usually take at
// `usual` tokens per second, less its own. Rows without a draft bring nothing: it ended because no more of it would pay.
[[nodiscard]] std::vector<double> worth_of_rows(const std::vector<std::vector<double>>& chances, std::size_t most,
                                                const pass_times& times, double usual);

struct drafter_cost {
    double token_s = 0;    // a token for every answer: c·T
    double handover_s = 0; // order and answer: r·T
};

// The length at which a drafter that the verifier waits for yields most: S = E(γ) / (γc + r + v(γ)).
// alphas[i] is the chance per token of answer i.
[[nodiscard]] round_plan best_order(const std::vector<double>& alphas, std::size_t most, const pass_times& times,
                                    const drafter_cost& cost);

// Where a further draft no longer pays: it adds `survival` · α tokens and costs a drafter step and a row, in which the usual
// rate would have brought as many. `length` is that of the order under way.
[[nodiscard]] float survival_floor(std::size_t length, double usual, std::size_t answers, double alpha, const pass_times& times,
                                   const drafter_cost& cost);

} // namespace tw
