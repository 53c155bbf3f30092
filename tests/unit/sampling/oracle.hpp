// The sampling rule written out naively, every token, every step: what the sampler must equal.
#pragma once

#include "sampling/noise.hpp"
#include "sampling/params.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <vector>

namespace oracle {

inline constexpr float infinity = std::numeric_limits<float>::infinity();
inline constexpr float nan = std::numeric_limits<float>::quiet_NaN();

// 2^40 e^d by the same polynomial as kernels.hpp's `weigh`; a test compares it with std::exp.
inline std::uint64_t weight(double d) {
    if (!(d > -29.0)) d = -29.0;
    const double t = d * 1.4426950408889634;
    const double whole = std::nearbyint(t);
    const double x = (t - whole) * 0.6931471805599453;
    const double factorials[] = {3628800, 362880, 40320, 5040, 720, 120, 24, 6, 2, 1, 1};
    double p = 0;
    for (const double f : factorials)
        p = p * x + 1.0 / f;
    return static_cast<std::uint64_t>(std::nearbyint(std::ldexp(p, 40 + static_cast<int>(whole))));
}

struct history {
    std::vector<std::int32_t> prompt, generated;
};

inline std::vector<float> adjusted(std::vector<float> l, const tw::sampling_params& params,
                                   const history& past) {
    for (const auto& [token, bias] : params.logit_bias)
        l[static_cast<std::size_t>(token)] += bias;
    auto all = past.prompt;
    all.insert(all.end(), past.generated.begin(), past.generated.end());
    if (params.repeat_last_n >= 0 && all.size() > static_cast<std::size_t>(params.repeat_last_n))
        all.erase(all.begin(), all.end() - params.repeat_last_n);
    for (std::size_t x = 0; x < l.size(); ++x) {
        const auto id = static_cast<std::int32_t>(x);
        if (params.repeat_penalty != 1.0F && std::count(all.begin(), all.end(), id) != 0)
            l[x] = l[x] > 0 ? l[x] / params.repeat_penalty : l[x] * params.repeat_penalty;
        const auto times = std::count(past.generated.begin(), past.generated.end(), id);
        if (times != 0)
            l[x] -= static_cast<float>(times) * params.frequency_penalty + params.presence_penalty;
    }
    return l;
}

// The ids that truncation leaves, likeliest first.
inline std::vector<std::int32_t> survivors(const std::vector<float>& l,
                                           const tw::sampling_params& params) {
    std::vector<std::int32_t> ids;
    for (std::size_t x = 0; x < l.size(); ++x)
        if (l[x] > -infinity) ids.push_back(static_cast<std::int32_t>(x));
    const auto at = [&](std::int32_t id) -> double { return l[static_cast<std::size_t>(id)]; };
    std::stable_sort(ids.begin(), ids.end(), [&](auto a, auto b) { return at(a) > at(b); });
    if (params.top_k != 0 && ids.size() > static_cast<std::size_t>(params.top_k))
        ids.resize(static_cast<std::size_t>(params.top_k));
    if (ids.empty()) return ids;
    const double max = at(ids.front());
    if (params.top_p < 1.0F) {
        std::uint64_t total = 0, sum = 0;
        for (const auto id : ids)
            total += weight(at(id) - max);
        const double target = static_cast<double>(params.top_p) * static_cast<double>(total);
        std::size_t kept = 0;
        do
            sum += weight(at(ids[kept++]) - max);
        while (static_cast<double>(sum) < target);
        ids.resize(kept);
    }
    if (params.min_p > 0.0F)
        std::erase_if(ids, [&](auto id) { return at(id) < max + tw::fixed_log(params.min_p); });
    return ids;
}

inline std::int32_t pick(const std::vector<float>& logits, const tw::sampling_params& params,
                         std::int64_t position, const history& past = {}) {
    const auto l = adjusted(logits, params, past);
    auto ids = survivors(l, params);
    if (ids.empty()) return 0;
    const double max = l[static_cast<std::size_t>(ids.front())];
    if (params.temperature == 0.0F || max == infinity) return ids.front();
    std::sort(ids.begin(), ids.end());
    const tw::noise_key key(params.seed, position);
    double best = -std::numeric_limits<double>::infinity();
    std::int32_t winner = 0;
    for (const auto id : ids) {
        const double score = (static_cast<double>(l[static_cast<std::size_t>(id)]) - max) /
                                 static_cast<double>(params.temperature) +
                             tw::gumbel(key, id);
        if (score > best) {
            best = score;
            winner = id;
        }
    }
    return winner;
}

// Normal-ish logits from an engine whose output the standard fixes; not std::normal_distribution.
inline std::vector<float> gaussian_row(std::mt19937_64& random, std::size_t n, float deviation) {
    std::vector<float> row(n);
    for (auto& l : row) {
        double sum = -6;
        for (int i = 0; i < 12; ++i)
            sum += static_cast<double>(random() >> 11U) * 0x1p-53;
        l = static_cast<float>(sum) * deviation;
    }
    return row;
}

} // namespace oracle
