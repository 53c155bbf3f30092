// Files and sums of this machine.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "commands/doctor_checks.hpp"
#include "commands/pid_file.hpp"
#include "commands/share_text.hpp"
#include "memory/facts.hpp"
#include "pipeline/check.hpp"
#include "pipeline/memory_need.hpp"
#include "pipeline/nodes.hpp"
#include "pipeline/pool_layout.hpp"
#include "pipeline/pool_model.hpp"
#include "plan/model_shape.hpp"

namespace tw::cli {
namespace {

using nlohmann::json;

void look_at_configuration(const setup& what, std::vector<finding>& out) {
    const auto& config = what.config;
    const auto mistakes = check_pipelines(config, what.plugins);
    for (const auto& each : mistakes) out.push_back({"configuration", verdict::fail, to_string(each)});
    auto warnings = unencrypted_links(config);
    const auto remarks = environment_remarks(config);
    warnings.insert(warnings.end(), remarks.begin(), remarks.end());
    for (const auto& each : warnings) out.push_back({"configuration", verdict::warn, to_string(each)});
    if (mistakes.empty() && warnings.empty()) out.push_back({"configuration", verdict::ok, config.path.string()});
    for (const auto* each : what.plugins.plugins())
        out.push_back({"plugin " + each->id, verdict::ok, each->version + ", " + each->path.string()});
}

void look_at_model(const node_config& node, const json& options, std::vector<finding>& out) {
    const auto file = options.value("model_path", std::string());
    const auto shape = plan::inspect_model(file);
    out.push_back(shape ? finding{"model " + node.name, verdict::ok,
                                  file + ", " + human_bytes(shape->file_bytes) + ", " + std::to_string(shape->layers.size()) + " layers"}
                        : finding{"model " + node.name, verdict::fail, shape.error().message});
}

std::string layers_of(const std::vector<plan::share>& shares) {
    const auto rows = share_rows(shares);
    std::string out;
    for (std::size_t i = 1; i < rows.size(); ++i) out += (i == 1 ? "" : "; ") + rows[i][0] + ": " + rows[i][1];
    return out;
}

// Who holds what of a backend's model over its pool.
void look_at_pool(const setup& what, const node_config& node, const json& options, std::vector<finding>& out) {
    const auto& pool = *what.config.pool(node.pool);
    const auto name = "pool " + pool.name + " for " + node.name;
    if (const auto fits = look_at({node.name, node.name}, what.config, what.plugins); !fits)
        return out.push_back({name, verdict::fail, fits.error().message});
    const auto shape = plan::inspect_model(options.value("model_path", std::string()));
    if (!shape) return; // said of the model
    if (!pool.server.empty())
        return out.push_back({name, verdict::ok, "held by " + pool.server.string() + ", which divides the layers by itself"});
    const std::string output = pool.output == "coordinator" ? "this machine" : "the last worker";
    const auto layout = layout_of(pool, options, shape->layers.size());
    if (layout.by.empty() && !is_divided_by_vram(pool, layout))
        return out.push_back({name, verdict::ok, "output layer on " + output + "; the free memory of each worker divides the layers, "
                                                 "since not every worker says its vram"});
    out.push_back({name, verdict::ok, "output layer on " + output + "; " +
                                          layers_of(plan::lay_out(*shape, layout, cached_tokens(*shape, options)))});
}

void look_at_memory(const setup& what, std::vector<finding>& out) {
    std::uint64_t need = 0;
    for (const auto& each : what.config.pipelines) need += memory_need(each, what.config, what.plugins);
    if (need == 0) return;
    const auto free = memory::look_at_memory().room_bytes();
    const auto says = "what is loaded here takes about " + human_bytes(need);
    if (find_serving(what.config.server.port))
        out.push_back({"memory", verdict::skip, says + "; the endpoint runs, so it has that already"});
    else if (need <= free) out.push_back({"memory", verdict::ok, says + ", and " + human_bytes(free) + " are free"});
    else
        out.push_back({"memory", verdict::warn, says + ", and " + human_bytes(free) + " are free. `tightwad tune` says what would "
                                                "help; a smaller context, fewer slots or a pool need less."});
}

} // namespace

void look_here(const setup& what, std::vector<finding>& out) {
    look_at_configuration(what, out);
    for (const auto& node : what.config.nodes) {
        if (node.peer || node.server) continue;
        const auto options = json::parse(node.options_json);
        if (!options.contains("model_path")) continue;
        look_at_model(node, options, out);
        if (!node.pool.empty()) look_at_pool(what, node, options, out);
    }
    look_at_memory(what, out);
}

} // namespace tw::cli
