// The running sum of the memories, and what falls where.
#include "plan/layer_split.hpp"

#include <algorithm>
#include <numeric>

namespace tw::plan {

std::vector<share> split_layers(const model_shape& model, const std::vector<holder>& holders, std::uint64_t tokens) {
    std::vector<share> out;
    std::vector<float> ends; // llama.cpp computes with these
    float sum = 0;
    for (const auto& one : holders) {
        sum += static_cast<float>(one.memory_bytes);
        ends.push_back(sum);
        share empty;
        empty.name = one.name;
        empty.memory_bytes = one.memory_bytes;
        out.push_back(std::move(empty));
    }
    if (sum == 0) return {};
    for (auto& end : ends) end /= sum;
    const auto parts = static_cast<float>(model.layers.size() + 1);
    for (std::size_t i = 0; i <= model.layers.size(); ++i) {
        const auto at = std::upper_bound(ends.begin(), ends.end(), static_cast<float>(i) / parts) - ends.begin();
        auto& one = out[std::min(static_cast<std::size_t>(at), out.size() - 1)];
        if (i == model.layers.size()) {
            one.output = true;
            one.weight_bytes += model.output_bytes;
            continue;
        }
        if (one.count++ == 0) one.first = i;
        one.weight_bytes += model.layers[i].bytes;
        one.cache_bytes += model.layers[i].cache_bytes_per_token.value_or(0) * tokens;
    }
    return out;
}

} // namespace tw::plan
