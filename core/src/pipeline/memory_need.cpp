// Adds up headers.
#include "pipeline/memory_need.hpp"

#include <nlohmann/json.hpp>

#include "pipeline/nodes.hpp"
#include "plan/model_shape.hpp"

namespace tw {
namespace {

// `slots`: where the table does not say them.
std::uint64_t need_of(const resolved_node& node, std::uint64_t slots) {
    if (node.as_engine == nullptr || node.node->peer || !node.node->pool.empty()) return 0;
    const auto options = nlohmann::json::parse(node.node->options_json);
    const auto shape = plan::inspect_model(options.value("model_path", std::string()));
    if (!shape) return 0;
    auto context = options.value("context", std::uint64_t{0});
    if (context == 0 || context > shape->context) context = shape->context;
    const auto sequences = makes_embeddings(node) ? 1 : options.value("slots", slots);
    return shape->file_bytes + shape->cache_bytes(context).value_or(0) * sequences;
}

} // namespace

std::uint64_t memory_need(const pipeline_config& wanted, const configuration& config, const registry& plugins) {
    constexpr std::uint64_t usual_slots = 4;
    std::uint64_t out = need_of(resolve(config, plugins, wanted.target), usual_slots);
    for (const auto* names : {&wanted.replicas, &wanted.draft, &wanted.draft_fallback})
        for (const auto& name : *names) out += need_of(resolve(config, plugins, name), usual_slots);
    return out;
}

} // namespace tw
