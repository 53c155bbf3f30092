// Names first, headers later.
#include "pipeline/pool_model.hpp"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "config/paths.hpp"
#include "pipeline/nodes.hpp"
#include "plan/layer_split.hpp"

namespace tw {
namespace {

using nlohmann::json;

constexpr const char* file_key = "model_path"; // of every engine that loads files
constexpr std::uint64_t usual_slots = 4;

std::vector<std::string> backends_over(const std::string& pool, const configuration& config) {
    std::vector<std::string> out;
    for (const auto& each : config.nodes)
        if (each.pool == pool) out.push_back(each.name);
    return out;
}

error unknown(const std::string& asked, const std::string& pool, const std::filesystem::path& file,
              const configuration& config) {
    const auto names = backends_over(pool, config);
    std::string list;
    for (const auto& each : names) list += (list.empty() ? "\"" : ", \"") + each + '"';
    const auto near = near_name(asked, names);
    return fail(code::not_found, "There is neither a backend \"" + asked + "\" in " + config.path.string() +
                                     " nor a file " + to_valid_utf8(file.string()) + ". " +
                                     (near.empty() ? "" : "Did you mean \"" + near + "\"? ") + "Over the pool \"" + pool +
                                     "\" lie " + list + "; any GGUF file, cache:NAME or ollama:NAME will do as well.");
}

// Says of the first worker that it has too little memory.
result<void> fits(const plan::model_shape& shape, const std::string& name, const pool_config& pool, const json& options) {
    if (options.contains("tensor_split")) return {}; // then it is not "vram" that divides
    std::vector<plan::holder> holders;
    for (const auto& each : pool.workers) {
        if (each.vram_bytes == 0) return {};
        holders.push_back({each.name, each.vram_bytes});
    }
    const auto trained = shape.context == 0 ? 4096 : shape.context;
    const auto wanted = options.value("context", std::uint64_t{0});
    const auto context = wanted == 0 ? trained : std::min(wanted, trained);
    const auto slots = options.value("slots", usual_slots);
    const auto here = pool.output == "coordinator" ? std::optional(plan::holder{"this machine", 0}) : std::nullopt;
    const auto shares = plan::split_layers(shape, holders, context * slots, here);
    for (std::size_t i = 0; i < holders.size() && i < shares.size(); ++i)
        if (const auto& one = shares[i]; !one.fits())
            return fail(code::invalid_argument,
                        "\"" + name + "\" does not fit the pool \"" + pool.name + "\": the worker " + one.name +
                            " would hold " + std::to_string(one.count) + " of " + std::to_string(shape.layers.size()) +
                            " layers, " + human_bytes(one.needed()) + " with the cache of " + std::to_string(slots) + " x " +
                            std::to_string(context) + " tokens, and its vram is " + human_bytes(one.memory_bytes) +
                            ". A smaller context or a coarser quantization needs less.");
    return {};
}

} // namespace

result<pool_model> find_pool_model(const std::string& asked, const pool_model& now, const configuration& config) {
    const auto& pool = config.node(now.backend)->pool;
    if (const auto* named = config.node(asked)) {
        if (named->pool == pool) return pool_model{asked, asked};
        return fail(code::invalid_argument, "The backend \"" + asked + "\" does not lie over the pool \"" + pool +
                                                "\", whose workers stay. Name its model file, or write pool = \"" + pool +
                                                "\" in [backend." + asked + "] and start the endpoint anew.");
    }
    const auto folder = std::filesystem::absolute(config.path).parent_path();
    const auto file = resolve_file(asked, folder);
    if (!file) return file.error();
    std::error_code unreadable;
    if (asked.empty() || !std::filesystem::is_regular_file(*file, unreadable)) return unknown(asked, pool, *file, config);
    return pool_model{asked, now.backend, file->string()};
}

std::string options_of(const node_config& backend, const std::string& file) {
    if (file.empty()) return backend.options_json;
    auto options = json::parse(backend.options_json);
    options[file_key] = file;
    return options.dump(-1, ' ', false, json::error_handler_t::replace);
}

result<void> look_at(const pool_model& model, const configuration& config, const registry& plugins) {
    const auto used = resolve(config, plugins, model.backend);
    if (!model.file.empty() && !has_option(*used.as_engine, file_key))
        return fail(code::unsupported, "The plugin \"" + used.node->plugin + "\" loads no files, so the backend \"" +
                                           model.backend + "\" cannot be given one.");
    const auto written = options_of(*used.node, model.file);
    const auto sound = engine::check(*used.as_engine, used.code->id, written);
    if (!sound) return sound;
    const auto options = json::parse(written);
    if (!options.contains(file_key)) return {};
    const auto shape = plan::inspect_model(options.value(file_key, std::string()));
    if (!shape) return shape.error();
    return fits(*shape, model.name, *config.pool(used.node->pool), options);
}

} // namespace tw
