// The chain, and the search for the winner of the noisy row.
#include "sampling/sampler.hpp"

#include "sampling/kernels.hpp"
#include "sampling/noise.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace tw {
namespace {

std::size_t first_at_least(std::span<const float> logits, float floor, const kernels& run) {
    auto x = run.next_at_least(logits.data(), logits.size(), 0, floor);
    while (!(logits[x] >= floor))
        ++x;
    return x;
}

// The naive rule evaluates two logarithms per token. Almost no token needs them: the best score so
// far bounds the hash of whatever may still win, and the scan looks at the hash alone.
std::int32_t noisy_argmax(std::span<const float> logits, float max, double temperature,
                          const noise_key& key, const cut& place, const kernels& run) {
    constexpr double log2e = 1.4426950408889634;
    constexpr double octave = 0x1p23;
    // What rounding in the scan's float arithmetic may cost (below 512), generously.
    constexpr double slack = 4096;
    const auto score = [&](std::int32_t id) {
        const double below = static_cast<double>(logits[static_cast<std::size_t>(id)]) - max;
        return below / temperature + gumbel(key, id);
    };

    auto best_id = static_cast<std::int32_t>(first_at_least(logits, max, run));
    double best = score(best_id);
    candidate_bound bound{.before = key.before,
                          .within = key.within,
                          .max = max,
                          .slope = static_cast<float>(std::min(log2e / temperature * octave, 1e30)),
                          .floor = static_cast<float>(place.logit)};
    const std::size_t n = logits.size();
    for (std::size_t i = 0;; i += candidate_block) {
        bound.offset = static_cast<float>((127 + 31 - best * log2e) * octave + slack);
        i = run.next_candidates(logits.data(), n, i, bound);
        if (i >= n) return best_id;
        const std::size_t end = std::min(n, i + candidate_block);
        for (std::size_t x = i; x < end; ++x) {
            const auto id = static_cast<std::int32_t>(x);
            if (!may_win(logits[x], static_cast<std::uint32_t>(x), bound) ||
                !place.survives(logits[x], id))
                continue;
            const double noisy = score(id);
            if (noisy > best || (noisy == best && id < best_id)) {
                best = noisy;
                best_id = id;
            }
        }
    }
}

} // namespace

sampler::sampler(sampling_params params, std::int32_t n_vocab)
    : params_(std::move(params)), n_vocab_(static_cast<std::size_t>(n_vocab)),
      penalised_(params_.repeat_penalty != 1.0F || params_.presence_penalty != 0.0F ||
                 params_.frequency_penalty != 0.0F),
      history_(params_.repeat_penalty != 1.0F ? params_.repeat_last_n : 0) {}

void sampler::prompt(std::span<const std::int32_t> tokens) {
    if (penalised_) history_.prompt(tokens);
}

void sampler::push(std::int32_t token) {
    if (penalised_) history_.push(token);
}

void sampler::pop(std::size_t n) {
    if (penalised_) history_.pop(n);
}

std::span<const float> sampler::adjust(std::span<const float> logits) {
    if (!penalised_ && params_.logit_bias.empty()) return logits;
    adjusted_.assign(logits.begin(), logits.end());
    const auto change = [this](std::int32_t token, auto&& rule) {
        if (token >= 0 && static_cast<std::size_t>(token) < adjusted_.size())
            rule(adjusted_[static_cast<std::size_t>(token)]);
    };
    for (const auto& [token, bias] : params_.logit_bias)
        change(token, [add = bias](float& logit) { logit += add; });
    const float repeat = params_.repeat_penalty;
    if (repeat != 1.0F)
        for (const auto& [token, times] : history_.recent())
            change(token, [repeat](float& logit) {
                logit = logit > 0.0F ? logit / repeat : logit * repeat;
            });
    for (const auto& [token, times] : history_.generated()) {
        const float off =
            static_cast<float>(times) * params_.frequency_penalty + params_.presence_penalty;
        change(token, [off](float& logit) { logit -= off; });
    }
    return adjusted_;
}

std::int32_t sampler::pick(std::span<const float> logits, std::int64_t position) {
    logits = logits.first(std::min(logits.size(), n_vocab_));
    if (logits.empty()) return 0;
    const auto row = adjust(logits);
    const auto& run = supported_kernels().front();
    const float max = run.max(row.data(), row.size());
    constexpr float infinity = std::numeric_limits<float>::infinity();
    if (max == -infinity) return 0;
    if (max == infinity || params_.temperature == 0.0F)
        return static_cast<std::int32_t>(first_at_least(row, max, run));
    const auto place = truncation_.find(params_, row, max, run);
    return noisy_argmax(row, max, params_.temperature, noise_key(params_.seed, position), place,
                        run);
}

double sampler::score(float logit, const noise_key& key, std::int32_t token) const {
    return params_.temperature == 0.0F ? logit : logit / double{params_.temperature} + gumbel(key, token);
}

ranked_pick sampler::pick_ranked(std::span<const float> logits, std::int64_t position) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    logits = logits.first(std::min(logits.size(), n_vocab_));
    ranked_pick out{.token = pick(logits, position), .runner_up = -1, .margin = infinity};
    if (logits.empty()) return out;
    const auto& run = supported_kernels().front();
    if (adjust(logits).data() != adjusted_.data()) adjusted_.assign(logits.begin(), logits.end());
    const auto best = static_cast<std::size_t>(out.token);
    const float won = adjusted_[best];
    const float max = run.max(adjusted_.data(), adjusted_.size());
    if (!(max < infinity) || max == -infinity) return out;
    const bool greedy = params_.temperature == 0.0F;
    const auto place = greedy ? cut{} : truncation_.find(params_, adjusted_, max, run);
    adjusted_[best] = -infinity;
    const float second = run.max(adjusted_.data(), adjusted_.size());
    if (second == -infinity) return out;
    auto runner_up = static_cast<std::int32_t>(first_at_least(adjusted_, second, run));
    const noise_key key(params_.seed, position);
    if (!place.survives(second, runner_up)) return out;
    if (!greedy) runner_up = noisy_argmax(adjusted_, second, params_.temperature, key, place, run);
    out.runner_up = runner_up;
    out.margin = static_cast<float>(score(won, key, out.token) -
                                    score(adjusted_[static_cast<std::size_t>(runner_up)], key, runner_up));
    return out;
}

} // namespace tw
