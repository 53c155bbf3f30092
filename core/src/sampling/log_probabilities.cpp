// Log softmax in double precision, summed in the order of the ids, so that equal rows give equal bits.
#include "sampling/log_probabilities.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tw {
namespace {

constexpr auto nothing = -std::numeric_limits<double>::infinity();

double value(float logit) { return std::isnan(logit) ? nothing : static_cast<double>(logit); }

} // namespace

row_likelihood log_probabilities(std::span<const float> logits, std::int32_t token, std::size_t most) {
    auto highest = nothing;
    for (const auto logit : logits) highest = std::max(highest, value(logit));
    double sum = 0;
    for (const auto logit : logits) sum += std::exp(value(logit) - highest);
    const auto shift = highest + std::log(sum);
    const auto of = [&](std::int32_t id) {
        const auto out = value(logits[static_cast<std::size_t>(id)]) - shift;
        return std::isnan(out) ? nothing : out; // a row without a finite logit has no probabilities
    };
    row_likelihood out{of(token), {}};
    if (most == 0) return out;
    std::vector<std::int32_t> ids(logits.size());
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int32_t>(i);
    const auto end = ids.begin() + static_cast<std::ptrdiff_t>(std::min(most, ids.size()));
    std::partial_sort(ids.begin(), end, ids.end(), [&](std::int32_t a, std::int32_t b) {
        const auto x = value(logits[static_cast<std::size_t>(a)]), y = value(logits[static_cast<std::size_t>(b)]);
        return x != y ? x > y : a < b;
    });
    std::for_each(ids.begin(), end, [&](std::int32_t id) { out.top.push_back({id, of(id)}); });
    return out;
}

} // namespace tw
