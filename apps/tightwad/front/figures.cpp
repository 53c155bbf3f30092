// What speculation did for an answer, in numbers.
#include "front/figures.hpp"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

namespace tw::front {

namespace {

using nlohmann::ordered_json;

double ms(double seconds) {
    return std::round(seconds * 1e6) / 1e3;
}

} // namespace

ordered_json figures(std::span<const choice> choices) {
    speculation_stats sum;
    for (const auto& each : choices) sum += each.result.stats;
    auto sources = ordered_json::object();
    for (std::size_t i = 0; i < draft_sources; ++i)
        if (const auto& share = sum.sources[i]; share.drafted > 0)
            sources[name(static_cast<draft_source>(i))] = {{"drafted", share.drafted},
                                                           {"accepted", share.accepted}};
    const double decoding = sum.total_s - sum.queue_s - sum.prefill_s;
    const double rate = decoding > 0 ? double(sum.tokens) / decoding : 0;
    const auto& first = choices.front().result;
    ordered_json out{{"seed", first.seeded ? ordered_json(first.seed) : ordered_json(nullptr)},
                     {"rounds", sum.rounds},
                     {"drafted", sum.drafted},
                     {"accepted", sum.accepted},
                     {"acceptance", std::round(sum.acceptance() * 1e4) / 1e4},
                     {"sources", sources},
                     {"tok_s", std::round(rate * 1e2) / 1e2},
                     {"draft_ms", ms(sum.draft_s)},
                     {"verify_ms", ms(sum.verify_s)},
                     {"prefill_ms", ms(sum.prefill_s)},
                     {"queue_ms", ms(sum.queue_s)}};
    const bool approximate = std::any_of(choices.begin(), choices.end(), [](const choice& each) { return each.result.approximate; });
    if (approximate) {
        out["approximate"] = true;
        out["consensus"] = {{"agreed", sum.agreed}, {"overruled", sum.overruled}};
    }
    for (const auto& each : choices)
        if (!each.result.continued_on.empty()) out["continued_on"] = each.result.continued_on;
    return out;
}

} // namespace tw::front
