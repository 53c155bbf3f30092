// Layers first, then the experts that go elsewhere.
#include "plan/pool_layout.hpp"

#include <algorithm>

namespace tw::plan {

std::vector<share> lay_out(const model_shape& model, const pool_layout& pool, std::uint64_t tokens) {
    auto devices = pool.workers;
    if (pool.gpu) devices.insert(pool.output_here ? devices.end() : devices.begin(), *pool.gpu);
    auto out = split_layers(model, devices, tokens, pool.output_here ? std::optional(pool.here) : std::nullopt, pool.by);
    if (out.empty()) return out;
    if (pool.gpu && !pool.output_here) std::rotate(out.begin(), out.begin() + 1, out.end());
    if (!pool.output_here && !pool.experts_here.empty())
        out.push_back({.name = pool.here.name, .memory_bytes = pool.here.memory_bytes});
    for (std::size_t i = 0; i < std::min(pool.experts.size(), pool.workers.size()); ++i)
        place_experts(model, out, pool.experts[i], i);
    place_experts(model, out, pool.experts_here, out.size() - 1);
    auto fixed = pool.experts_here;
    for (const auto& layers : pool.experts) fixed.insert(fixed.end(), layers.begin(), layers.end());
    balance_experts(model, out, fixed, pool.balanced);
    return out;
}

} // namespace tw::plan
