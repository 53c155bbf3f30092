// Searches over the draft length; the tables are short, so nothing is solved in closed form.
#include "speculation/policy.hpp"

#include <algorithm>
#include <cmath>

namespace tw {

double expected_tokens(double alpha, std::size_t length) {
    const auto n = static_cast<double>(length + 1);
    return alpha >= 1 ? n : (1 - std::pow(alpha, n)) / (1 - alpha);
}

double shared_tokens(const std::vector<double>& each) {
    double logs = 0;
    for (const auto tokens : each) logs += std::log(tokens);
    const auto n = static_cast<double>(each.size());
    return n == 0 ? 0 : n * std::exp(logs / n);
}

namespace {

// What a round yields with 0, 1, … `most` drafts for each answer, or as many as it has.
std::vector<double> tokens_by_length(const std::vector<std::vector<double>>& chances, std::size_t most) {
    const auto answers = chances.size();
    std::vector<double> survival(answers, 1), tokens(answers, 1), out{shared_tokens(tokens)};
    for (std::size_t length = 1; length <= most; ++length) {
        for (std::size_t i = 0; i < answers; ++i) {
            survival[i] *= length <= chances[i].size() ? chances[i][length - 1] : 0;
            tokens[i] += survival[i];
        }
        out.push_back(shared_tokens(tokens));
    }
    return out;
}

} // namespace

round_plan best_cut(const std::vector<std::vector<double>>& chances, std::size_t most, const pass_times& times,
                    double usual) {
    const auto answers = chances.size();
    std::size_t longest = 0;
    for (const auto& draft : chances) longest = std::max(longest, draft.size());
    const auto tokens = tokens_by_length(chances, std::min(longest, most));
    const auto worth = [&](const round_plan& one) { return usual > 0 ? one.tokens - usual * one.seconds : one.rate(); };
    round_plan best;
    for (std::size_t length = 0; length < tokens.size(); ++length) {
        const round_plan plan{length, tokens[length], times.seconds(answers * (length + 1))};
        if (length == 0 || worth(plan) > worth(best)) best = plan;
    }
    return best;
}

std::vector<double> worth_of_rows(const std::vector<std::vector<double>>& chances, std::size_t most, const pass_times& times,
                                  double usual) {
    auto out = tokens_by_length(chances, most);
    for (std::size_t length = 0; length < out.size(); ++length)
        out[length] = out[length] / usual - times.seconds(chances.size() * (length + 1));
    return out;
}

round_plan best_order(const std::vector<double>& alphas, std::size_t most, const pass_times& times,
                      const drafter_cost& cost) {
    std::vector<double> tokens(alphas.size(), 1);
    round_plan best;
    for (std::size_t length = 1; length <= most; ++length) {
        std::transform(alphas.begin(), alphas.end(), tokens.begin(), tokens.begin(),
                       [](double alpha, double shorter) { return 1 + alpha * shorter; }); // E(γ) = 1 + α E(γ - 1)
        round_plan plan{length, shared_tokens(tokens), 0};
        plan.seconds = times.seconds(alphas.size() * (length + 1)) + cost.handover_s +
                       static_cast<double>(length) * cost.token_s;
        if (length == 1 || plan.rate() > best.rate()) best = plan;
    }
    return best;
}

float survival_floor(std::size_t length, double usual, std::size_t answers, double alpha, const pass_times& times,
                     const drafter_cost& cost) {
    const auto far = 2 * length + 2;
    const auto row = (times.seconds(answers * (far + 1)) - times.seconds(answers)) / static_cast<double>(far);
    const auto needed = usual * (cost.token_s + row) / static_cast<double>(answers);
    return static_cast<float>(std::min(needed / std::max(alpha, 0.05), 1.0));
}

} // namespace tw
