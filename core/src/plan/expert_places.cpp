// Every move alone, then the best ones together.
#include "plan/expert_places.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "plan/prediction.hpp"

namespace tw::plan {
namespace {

struct move {
    double gain_s;
    std::uint32_t layer;
    std::size_t from, to;
};

std::vector<move> best_first(const model_shape& model, const std::vector<share>& shares, const std::vector<machine>& machines,
                             std::size_t workers) {
    std::vector<move> out;
    const auto now = pass_s(model, shares, machines, 1);
    if (!now) return out;
    for (std::size_t from = 0; from < shares.size(); ++from)
        for (auto layer = shares[from].first; layer < shares[from].first + shares[from].count; ++layer) {
            if (model.layers[layer].expert_bytes == 0 || std::ranges::find(shares[from].experts_away, layer) != shares[from].experts_away.end())
                continue;
            for (std::size_t to = 0; to < workers; ++to) {
                if (to == from) continue;
                const auto number = static_cast<std::uint32_t>(layer);
                auto moved = shares;
                place_experts(model, moved, {number}, to);
                if (const auto then = pass_s(model, moved, machines, 1)) out.push_back({*now - *then, number, from, to});
            }
        }
    std::ranges::stable_sort(out, std::greater{}, &move::gain_s);
    return out;
}

} // namespace

std::vector<std::vector<std::uint32_t>> fastest_experts(const model_shape& model, std::vector<share> shares,
                                                        const std::vector<machine>& machines, std::size_t workers) {
    std::vector<std::vector<std::uint32_t>> out(workers);
    std::set<std::uint32_t> moved;
    const auto moves = best_first(model, shares, machines, workers);
    const auto take = [&](const auto& wanted) {
        for (const auto& one : moves) {
            const auto needed = shares[one.to].needed() + model.layers[one.layer].expert_bytes;
            if (!wanted(one) || moved.contains(one.layer) || needed > shares[one.to].memory_bytes) continue;
            place_experts(model, shares, {one.layer}, one.to);
            moved.insert(one.layer);
            out[one.to].push_back(one.layer);
        }
    };
    take([&](const move& one) { return !shares[one.from].fits(); });
    take([](const move& one) { return one.gain_s > 0; });
    for (auto& layers : out) std::ranges::sort(layers);
    return out;
}

} // namespace tw::plan
