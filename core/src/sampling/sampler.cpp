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

constexpr int most_refused = 8; // runners-up that the grammar may refuse before none is looked for

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
    if (mask_) mask_->push(token);
}

void sampler::pop(std::size_t n) {
    if (penalised_) history_.pop(n);
    if (mask_) mask_->pop(n);
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
    if (!mask_) return choose(row, position);
    if (const auto winner = allowed_winner(row, position)) return *winner;
    return choose(masked(row), position);
}

std::int32_t sampler::choose(std::span<const float> row, std::int64_t position) {
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

// Asking the grammar about a token costs little, about a vocabulary some milliseconds. So the whole row's winner is
// tried first, where that is sound: the best of a set is the best of every subset that it lies in, so only a cut that
// refused tokens could move matters. top_k and top_p are moved by any of them; min_p by the largest logit alone.
std::optional<std::int32_t> sampler::allowed_winner(std::span<const float> row, std::int64_t position) {
    const bool cuts = params_.temperature != 0.0F;
    if (cuts && (params_.top_k != 0 || params_.top_p < 1.0F)) return {};
    const auto winner = choose(row, position);
    if (!mask_->allows(winner)) return {};
    if (cuts && params_.min_p > 0.0F) {
        const auto& run = supported_kernels().front();
        const float max = run.max(row.data(), row.size());
        if (max > -std::numeric_limits<float>::infinity() &&
            !mask_->allows(static_cast<std::int32_t>(first_at_least(row, max, run))))
            return {};
    }
    return winner;
}

// With top_k, what lies behind the k largest allowed tokens decides nothing, top_p and min_p included: they look at
// what top_k left. When those k are among the row's few hundred largest, nobody need ask about the others.
bool sampler::mask_all_but_head(std::span<const float> row) {
    const auto k = static_cast<std::size_t>(params_.top_k);
    const auto most = std::max<std::size_t>(4 * k, 256);
    if (params_.temperature == 0.0F || k == 0 || most >= row.size()) return false;
    const auto head = truncation_.largest(row, most, supported_kernels().front());
    head_.clear();
    for (const auto& each : head) head_.push_back(each.id);
    const auto flags = mask_->allowed(head_);
    if (static_cast<std::size_t>(std::count(flags.begin(), flags.end(), 1)) < k) return false;
    masked_.assign(row.size(), -std::numeric_limits<float>::infinity());
    for (std::size_t i = 0; i < head_.size(); ++i) {
        const auto id = static_cast<std::size_t>(head_[i]);
        if (flags[i] != 0) masked_[id] = row[id];
    }
    return true;
}

std::span<const float> sampler::masked(std::span<const float> row) {
    if (mask_all_but_head(row)) return masked_;
    masked_.assign(row.begin(), row.end());
    mask_->forbid(masked_);
    const float max = supported_kernels().front().max(masked_.data(), masked_.size());
    if (max == -std::numeric_limits<float>::infinity())
        mask_->fail_with(fail(code::internal, "The grammar allows none of the model's tokens as the next one."));
    return masked_;
}

double sampler::score(float logit, const noise_key& key, std::int32_t token) const {
    return params_.temperature == 0.0F ? logit : logit / double{params_.temperature} + gumbel(key, token);
}

// The two largest logits, without a copy of the row: the second is looked for on both sides of the first.
ranked_pick sampler::two_largest(std::span<const float> row) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const auto& run = supported_kernels().front();
    const float max = run.max(row.data(), row.size());
    ranked_pick out{.token = 0, .runner_up = -1, .margin = infinity};
    if (max == -infinity) return out;
    const auto best = first_at_least(row, max, run);
    out.token = static_cast<std::int32_t>(best);
    if (max == infinity) return out;
    const auto before = row.first(best), behind = row.subspan(best + 1);
    const float left = run.max(before.data(), before.size()), right = run.max(behind.data(), behind.size());
    const float second = std::max(left, right);
    if (second == -infinity) return out;
    const auto at = left == second ? first_at_least(before, second, run) : best + 1 + first_at_least(behind, second, run);
    out.runner_up = static_cast<std::int32_t>(at);
    out.margin = static_cast<float>(double{max} - double{second});
    return out;
}

ranked_pick sampler::pick_ranked(std::span<const float> logits, std::int64_t position) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    logits = logits.first(std::min(logits.size(), n_vocab_));
    if (params_.temperature == 0.0F && !mask_ && !logits.empty()) return two_largest(adjust(logits));
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
    const noise_key key(params_.seed, position);
    for (int refused = 0;; ++refused) {
        const float second = run.max(adjusted_.data(), adjusted_.size());
        if (second == -infinity) return out;
        auto runner_up = static_cast<std::int32_t>(first_at_least(adjusted_, second, run));
        if (!place.survives(second, runner_up)) return out;
        if (!greedy) runner_up = noisy_argmax(adjusted_, second, params_.temperature, key, place, run);
        auto& logit = adjusted_[static_cast<std::size_t>(runner_up)];
        if (!mask_ || mask_->allows(runner_up)) {
            out.runner_up = runner_up;
            out.margin = static_cast<float>(score(won, key, out.token) - score(logit, key, runner_up));
            return out;
        }
        if (refused == most_refused) return out; // a pick without rivals near it is a sure one
        logit = -infinity;
    }
}

} // namespace tw
