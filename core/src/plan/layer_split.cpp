// The running sum of the memories, and what falls where.
#include "plan/layer_split.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace tw::plan {

namespace {

share empty_share(const holder& of) {
    share out;
    out.name = of.name;
    out.memory_bytes = of.memory_bytes;
    return out;
}

} // namespace

std::vector<share> split_layers(const model_shape& model, const std::vector<holder>& holders, std::uint64_t tokens,
                                const std::optional<holder>& coordinator, const std::vector<float>& by) {
    std::vector<share> out;
    std::vector<float> ends; // llama.cpp computes with these
    float sum = 0;
    for (std::size_t i = 0; i < holders.size(); ++i) {
        sum += by.empty() ? static_cast<float>(holders[i].memory_bytes) : i < by.size() ? by[i] : 0;
        ends.push_back(sum);
        out.push_back(empty_share(holders[i]));
    }
    if (sum == 0) return {};
    for (auto& end : ends) end /= sum;
    const auto parts = static_cast<float>(model.layers.size() + 1);
    const auto place_of = [&](std::size_t layer) -> share& {
        const auto at = std::upper_bound(ends.begin(), ends.end(), static_cast<float>(layer) / parts) - ends.begin();
        return out[std::min(static_cast<std::size_t>(at), holders.size() - 1)];
    };
    for (std::size_t i = 0; i < model.layers.size(); ++i) {
        auto& one = place_of(i);
        if (one.count++ == 0) one.first = i;
        one.weight_bytes += model.layers[i].bytes;
        one.cache_bytes += model.layers[i].cache_bytes_per_token.value_or(0) * tokens;
    }
    auto& last = coordinator ? out.emplace_back(empty_share(*coordinator)) : place_of(model.layers.size());
    last.output = true;
    last.weight_bytes += model.output_bytes;
    return out;
}

void place_experts(const model_shape& model, std::vector<share>& shares, const std::vector<std::uint32_t>& layers,
                   std::size_t keeper) {
    for (const std::size_t layer : layers) {
        const auto owner = std::ranges::find_if(
            shares, [&](const auto& one) { return layer >= one.first && layer < one.first + one.count; });
        if (owner == shares.end() || &*owner == &shares[keeper] || model.layers[layer].expert_bytes == 0 ||
            std::ranges::find(owner->experts_away, layer) != owner->experts_away.end())
            continue;
        owner->experts_away.push_back(layer);
        owner->weight_bytes -= model.layers[layer].expert_bytes;
        shares[keeper].experts_of.push_back(layer);
        shares[keeper].weight_bytes += model.layers[layer].expert_bytes;
    }
}

void balance_experts(const model_shape& model, std::vector<share>& shares, const std::vector<std::uint32_t>& fixed,
                     const std::vector<std::size_t>& keepers) {
    std::vector<std::uint64_t> needed; // without what is divided here
    for (const auto& one : shares) needed.push_back(one.needed());
    std::vector<std::pair<std::size_t, std::size_t>> layers; // with the number of the share
    double bytes = 0, free = 0;
    for (std::size_t i = 0; i < shares.size(); ++i)
        for (auto layer = shares[i].first; layer < shares[i].first + shares[i].count; ++layer)
            if (const auto size = model.layers[layer].expert_bytes; size > 0 && std::ranges::find(fixed, layer) == fixed.end()) {
                layers.emplace_back(layer, i);
                needed[i] -= size;
                bytes += static_cast<double>(size);
            }
    std::vector<double> left(shares.size(), 0);
    for (const auto i : keepers)
        left[i] = static_cast<double>(shares[i].memory_bytes - std::min(shares[i].memory_bytes, needed[i]));
    for (const auto room : left) free += room;
    if (free == 0) return;
    for (auto& room : left) room *= bytes / free;

    const auto size_of = [&](const auto& of) { return static_cast<double>(model.layers[of.first].expert_bytes); };
    std::erase_if(layers, [&](const auto& one) {
        const bool stays = size_of(one) <= left[one.second];
        if (stays) left[one.second] -= size_of(one);
        return stays;
    });
    std::ranges::stable_sort(layers, std::greater{}, size_of);
    for (const auto& one : layers) {
        const auto to = *std::ranges::max_element(keepers, {}, [&](std::size_t i) { return left[i]; });
        left[to] -= size_of(one);
        place_experts(model, shares, {static_cast<std::uint32_t>(one.first)}, to);
    }
}

} // namespace tw::plan
