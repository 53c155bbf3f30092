// Selects by thresholds and buckets, so that only a few tokens are ever sorted.
#include "sampling/truncate.hpp"

#include "sampling/noise.hpp"

#include <algorithm>
#include <cmath>

namespace tw {

bool truncation::ahead(const item& a, const item& b) noexcept {
    return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
}

cut truncation::find(const sampling_params& params, std::span<const float> logits, float max,
                     const kernels& run) {
    cut place;
    const auto k = static_cast<std::size_t>(params.top_k);
    const bool some = k != 0 && k < logits.size();
    if (some) {
        keep_top_k(logits, k, run);
        const auto last = *std::max_element(kept_.begin(), kept_.end(), ahead);
        place = {last.logit, last.id};
    }
    if (params.top_p < 1.0F)
        place = some ? head_of_kept(max, params.top_p, run)
                     : head_of_row(logits, max, params.top_p, run);
    if (params.min_p > 0.0F) {
        const double floor = static_cast<double>(max) + fixed_log(params.min_p);
        if (floor > place.logit) place = {floor, std::numeric_limits<std::int32_t>::max()};
    }
    return place;
}

std::span<const truncation::item> truncation::largest(std::span<const float> logits, std::size_t k,
                                                      const kernels& run) {
    keep_top_k(logits, k, run);
    return kept_;
}

void truncation::keep_top_k(std::span<const float> logits, std::size_t k, const kernels& run) {
    // Collect what reaches the floor; at twice k, keep the best k and raise the floor to their
    // last.
    const auto full = std::max<std::size_t>(2 * k, 256);
    const auto shrink = [&] {
        const auto kth = kept_.begin() + static_cast<std::ptrdiff_t>(k);
        std::nth_element(kept_.begin(), kth - 1, kept_.end(), ahead);
        kept_.erase(kth, kept_.end());
        // An equal logit with a later id loses, so only a larger one may still enter.
        return std::nextafter(kept_.back().logit, std::numeric_limits<float>::infinity());
    };
    kept_.clear();
    float floor = std::numeric_limits<float>::lowest();
    const std::size_t n = logits.size();
    for (std::size_t i = 0; (i = run.next_at_least(logits.data(), n, i, floor)) < n;
         i += candidate_block) {
        const std::size_t end = std::min(n, i + candidate_block);
        for (std::size_t x = i; x < end; ++x)
            if (logits[x] >= floor) kept_.push_back({logits[x], static_cast<std::int32_t>(x)});
        if (kept_.size() >= full) floor = shrink();
    }
    if (kept_.size() > k) shrink();
}

double truncation::weigh(std::span<const float> logits, float max, const kernels& run) {
    weights_.resize(logits.size());
    buckets_.resize(logits.size());
    return static_cast<double>(
        run.weigh(logits.data(), logits.size(), max, weights_.data(), buckets_.data()));
}

cut truncation::head_of_kept(float max, double p, const kernels& run) {
    row_.clear();
    for (const auto& token : kept_)
        row_.push_back(token.logit);
    const double total = weigh(row_, max, run);
    shares_.clear();
    for (std::size_t i = 0; i < kept_.size(); ++i)
        shares_.push_back({kept_[i], weights_[i]});
    return head(0, p * total);
}

cut truncation::head_of_row(std::span<const float> logits, float max, double p,
                            const kernels& run) {
    const double target = p * weigh(logits, max, run);
    bucket_weights_.assign(last_bucket + 1, 0);
    for (std::size_t x = 0; x < logits.size(); ++x)
        bucket_weights_[static_cast<std::size_t>(buckets_[x])] += weights_[x];

    std::uint64_t before = 0;
    std::int32_t bucket = 0;
    for (const auto weight : bucket_weights_) {
        if (static_cast<double>(before + weight) >= target) break;
        before += weight;
        ++bucket;
    }
    shares_.clear();
    for (std::size_t x = 0; x < logits.size(); ++x)
        if (buckets_[x] == bucket)
            shares_.push_back({{logits[x], static_cast<std::int32_t>(x)}, weights_[x]});
    return head(before, target);
}

cut truncation::head(std::uint64_t before, double target) {
    // Where the running sum, begun at `before`, reaches `target`: a quickselect by weight.
    const auto order = [](const share& a, const share& b) { return ahead(a.token, b.token); };
    auto first = shares_.begin();
    auto last = shares_.end();
    while (last - first > 32) {
        const auto middle = first + (last - first) / 2;
        std::nth_element(first, middle, last, order);
        auto sum = before;
        for (auto at = first; at <= middle; ++at)
            sum += at->weight;
        if (static_cast<double>(sum) >= target) {
            last = middle + 1;
        } else {
            before = sum;
            first = middle + 1;
        }
    }
    std::sort(first, last, order);
    while (static_cast<double>(before += first->weight) < target)
        ++first;
    return {first->token.logit, first->token.id};
}

} // namespace tw
