// The configuration's words become numbers.
#include "pipeline/pool_layout.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include <nlohmann/json.hpp>

namespace tw {
namespace {

std::vector<float> shares_of(const std::string& tensor_split) {
    std::vector<float> out;
    for (std::size_t begin = 0; begin < tensor_split.size();) {
        const auto end = std::min(tensor_split.find(',', begin), tensor_split.size());
        float one = 0;
        std::from_chars(tensor_split.data() + begin, tensor_split.data() + end, one);
        out.push_back(std::max(one, 0.0F));
        begin = end + 1;
    }
    return out;
}

} // namespace

plan::pool_layout layout_of(const pool_config& pool, const nlohmann::json& options, std::size_t layers) {
    plan::pool_layout out;
    for (const auto& worker : pool.workers) {
        out.workers.push_back({worker.name, worker.vram_bytes});
        out.experts.push_back(worker.experts);
        if (worker.balanced_experts) out.balanced.push_back(out.workers.size() - 1);
    }
    out.here.name = "this machine";
    out.output_here = pool.output == "coordinator";
    if (!options.is_object()) return out;
    out.by = shares_of(options.value("tensor_split", std::string()));
    const auto kept = options.value("cpu_moe", std::int64_t{0});
    const auto count = kept < 0 ? layers : std::min(static_cast<std::size_t>(kept), layers);
    for (std::size_t i = 0; i < count; ++i) out.experts_here.push_back(static_cast<std::uint32_t>(i));
    return out;
}

bool is_divided_by_vram(const pool_config& pool, const plan::pool_layout& layout) {
    return layout.by.empty() && std::ranges::all_of(pool.workers, [](const auto& one) { return one.vram_bytes > 0; });
}

} // namespace tw
