// Searches over the draft length; the tables are short, so nothing is solved in closed form.
#include "speculation/policy.hpp"

#include <algorithm>
#include <cmath>

namespace tw {

double expected_tokens(double alpha, std::size_t length) {
    const auto n = static_cast<double>(length + 1);
    return alpha >= 1 ? n : (1 - std::pow(alpha, n)) / (1 - alpha);
}

round_plan best_cut(const std::vector<std::vector<double>>& chances, std::size_t most, const step_times& times,
                    std::size_t least_rows) {
    const auto answers = chances.size();
    std::size_t longest = 0;
    for (const auto& draft : chances) longest = std::max(longest, draft.size());
    std::vector<double> survival(answers, 1);
    double tokens = static_cast<double>(answers);
    round_plan best;
    for (std::size_t length = 0; length <= std::min(longest, most); ++length) {
        if (length > 0)
            for (std::size_t i = 0; i < answers; ++i) {
                survival[i] *= length <= chances[i].size() ? chances[i][length - 1] : 0;
                tokens += survival[i];
            }
        const round_plan plan{length, tokens, times.seconds(std::max(least_rows, answers * (length + 1)))};
        if (length == 0 || plan.rate() > best.rate()) best = plan;
    }
    return best;
}

round_plan best_order(const std::vector<double>& alphas, std::size_t most, const step_times& times,
                      const drafter_cost& cost, std::size_t least_rows) {
    round_plan best;
    for (std::size_t length = 1; length <= most; ++length) {
        round_plan plan{length, 0, 0};
        for (const auto alpha : alphas) plan.tokens += expected_tokens(alpha, length);
        plan.seconds = times.seconds(std::max(least_rows, alphas.size() * (length + 1))) + cost.handover_s +
                       static_cast<double>(length) * cost.token_s;
        if (length == 1 || plan.rate() > best.rate()) best = plan;
    }
    return best;
}

float survival_floor(const round_plan& plan, std::size_t answers, double alpha, const step_times& times,
                     const drafter_cost& cost) {
    const auto far = 2 * plan.length + 2;
    const auto row = (times.seconds(answers * (far + 1)) - times.seconds(answers)) / static_cast<double>(far);
    const auto needed = plan.rate() * (cost.token_s + row) / static_cast<double>(answers);
    return static_cast<float>(std::min(needed / std::max(alpha, 0.05), 1.0));
}

} // namespace tw
