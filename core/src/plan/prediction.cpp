// The sums.
#include "plan/prediction.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "speculation/policy.hpp"

namespace tw::plan {
namespace {

constexpr double number_bytes = 4; // of a hidden state and of logits

bool takes_part(const share& one) { return one.count > 0 || one.output || !one.experts_of.empty(); }

double seconds(double bytes, double rate) { return rate > 0 ? bytes / rate : 0; }

double wire_s(const model_shape& model, const share& part, const link_speed& link, std::uint32_t rows) {
    const auto hidden = static_cast<double>(model.width) * number_bytes * rows;
    const auto logits = static_cast<double>(model.vocabulary) * number_bytes * rows;
    const auto exchange = [&](double back) {
        return link.round_trip_s + seconds(hidden, link.up_bytes_s) + seconds(back, link.down_bytes_s);
    };
    const auto detours = static_cast<double>(part.experts_away.size() + part.experts_of.size());
    const bool in_the_row = part.count > 0 || part.output;
    return detours * exchange(hidden) + (in_the_row ? exchange(part.output ? logits : hidden) : 0);
}

} // namespace

double compute_speed::of(std::uint32_t rows) const {
    const auto after = seconds_per_byte.lower_bound(rows);
    if (after != seconds_per_byte.end() && (after->first == rows || after == seconds_per_byte.begin())) return after->second;
    if (seconds_per_byte.size() == 1) return seconds_per_byte.begin()->second;
    const auto right = after == seconds_per_byte.end() ? std::prev(after) : after;
    const auto left = std::prev(right);
    const auto slope = (right->second - left->second) / (right->first - left->first);
    return left->second + slope * (rows - left->first);
}

double bytes_read(const model_shape& model, const share& part, std::uint32_t rows) {
    const auto experts = static_cast<double>(model.experts), used = static_cast<double>(model.experts_used);
    const double touched = experts > 0 ? 1 - std::pow(1 - std::min(used / experts, 1.0), rows) : 1;
    double out = part.output ? static_cast<double>(model.output_bytes) : 0;
    const auto experts_of = [&](std::size_t layer) { return static_cast<double>(model.layers[layer].expert_bytes) * touched; };
    for (std::size_t i = part.first; i < part.first + part.count; ++i)
        out += static_cast<double>(model.layers[i].bytes - model.layers[i].expert_bytes) + experts_of(i);
    for (const auto layer : part.experts_away) out -= experts_of(layer);
    for (const auto layer : part.experts_of) out += experts_of(layer);
    return out;
}

std::optional<double> pass_s(const model_shape& model, const std::vector<share>& shares,
                             const std::vector<machine>& machines, std::uint32_t rows) {
    for (std::size_t i = 0; i < shares.size(); ++i)
        if (takes_part(shares[i])) rows = std::max(rows, machines[i].least_rows);
    double out = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        if (!takes_part(shares[i])) continue;
        if (!machines[i].compute) return std::nullopt;
        out += bytes_read(model, shares[i], rows) * machines[i].compute->of(rows);
        if (machines[i].link) out += wire_s(model, shares[i], *machines[i].link, rows);
    }
    return out;
}

drafting best_drafting(const std::function<double(std::uint32_t)>& pass, double token_s, double acceptance,
                       std::uint32_t longest) {
    drafting best{0, 1 / pass(1)};
    for (std::uint32_t length = 1; length <= longest; ++length) {
        const auto tokens_s = expected_tokens(acceptance, length) / (length * token_s + pass(length + 1));
        if (tokens_s > best.tokens_s) best = {length, tokens_s};
    }
    return best;
}

} // namespace tw::plan
