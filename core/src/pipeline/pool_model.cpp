// Names first, headers later.
#include "pipeline/pool_model.hpp"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

#include "agent/machine.hpp"
#include "agent/spawn.hpp"
#include "base/text.hpp"
#include "config/paths.hpp"
#include "pipeline/nodes.hpp"
#include "pipeline/pool_layout.hpp"
#include "pooled/llama_server.hpp"

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

bool has_balanced_experts(const pool_config& pool) {
    return std::ranges::any_of(pool.workers, &pool_worker::balanced_experts);
}

std::uint64_t slots_of(const json& options) { return options.value("slots", usual_slots); }

std::uint64_t context_of(const plan::model_shape& shape, const json& options) {
    const auto trained = shape.context == 0 ? 4096 : shape.context;
    const auto wanted = options.value("context", std::uint64_t{0});
    return wanted == 0 ? trained : std::min(wanted, trained);
}

// Of the first GPU of this machine, which an engine takes; 0 = not known, none = there is none.
std::optional<std::uint64_t> own_gpu_bytes() {
    const auto found = agent::find_gpus(agent::find_program("nvidia-smi"), "/sys/class/drm");
    if (found.gpus.empty()) return std::nullopt;
    return found.gpus.front().memory_bytes;
}

// How a llama-server divides the layers it says itself when it is started.
result<void> look_at_held(const std::string& options_json, const pool_config& pool) {
    if (const auto words = pooled::llama_server_arguments(options_json, pool, 1); !words) return words.error();
    const auto shape = plan::inspect_model(json::parse(options_json).value(file_key, std::string()));
    return shape ? result<void>() : shape.error();
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

std::uint64_t cached_tokens(const plan::model_shape& shape, const json& options) {
    return context_of(shape, options) * slots_of(options);
}

result<pool_config> with_experts_placed(const pool_config& pool, const plan::model_shape& shape, const json& said) {
    if (!has_balanced_experts(pool)) return pool;
    const auto options = said.is_object() ? said : json::object();
    const auto gpu_bytes = own_gpu_bytes();
    if (gpu_bytes == 0 || options.value("gpu_layers", -1) >= 0)
        return fail(code::unsupported, "The experts over the pool \"" + pool.name + "\" cannot be balanced, because " +
                                           (gpu_bytes == 0 ? "the memory of this machine's GPU is not known"
                                                           : "gpu_layers keeps layers on this machine") +
                                           "; give the workers numbers of layers by \"experts\".");
    auto layout = layout_of(pool, options, shape.layers.size());
    if (gpu_bytes) layout.gpu = {"this machine's GPU", *gpu_bytes};
    const auto shares = plan::lay_out(shape, layout, cached_tokens(shape, options));
    auto out = pool;
    for (std::size_t i = 0; i < out.workers.size(); ++i) {
        out.workers[i].balanced_experts = false;
        if (i < shares.size()) out.workers[i].experts.assign(shares[i].experts_of.begin(), shares[i].experts_of.end());
    }
    return out;
}

result<pool_config> with_experts_placed(const pool_config& pool, const std::string& options_json) {
    if (!has_balanced_experts(pool)) return pool;
    const auto options = json::parse(options_json);
    const auto shape = plan::inspect_model(options.value(file_key, std::string()));
    if (!shape) return shape.error();
    return with_experts_placed(pool, *shape, options);
}

result<void> fits_pool(const plan::model_shape& shape, const std::string& name, const pool_config& pool, const json& options,
                       std::optional<std::uint64_t> gpu_bytes) {
    if (options.value("gpu_layers", -1) >= 0) return {}; // then it is not the pool that has all layers
    auto layout = layout_of(pool, options, shape.layers.size());
    if (gpu_bytes) layout.gpu = {"this machine's GPU", *gpu_bytes};
    if (layout.by.empty() && (!is_divided_by_vram(pool, layout) || gpu_bytes == 0)) return {}; // free memory divides
    const auto slots = slots_of(options), context = context_of(shape, options);
    const auto shares = plan::lay_out(shape, layout, context * slots);
    for (std::size_t i = 0; i < pool.workers.size() && i < shares.size(); ++i)
        if (const auto& one = shares[i]; pool.workers[i].vram_bytes > 0 && !one.fits())
            return fail(code::invalid_argument,
                        "\"" + name + "\" does not fit the pool \"" + pool.name + "\": the worker " + one.name +
                            " would hold " + std::to_string(one.count) + " of " + std::to_string(shape.layers.size()) +
                            " layers, " + human_bytes(one.needed()) + " with the cache of " + std::to_string(slots) + " x " +
                            std::to_string(context) + " tokens, and its vram is " + human_bytes(one.memory_bytes) +
                            ". A smaller context or a coarser quantization needs less.");
    return {};
}

result<void> look_at(const pool_model& model, const configuration& config, const registry& plugins) {
    const auto used = resolve(config, plugins, model.backend);
    const auto& pool = *config.pool(used.node->pool);
    if (!pool.server.empty()) return look_at_held(options_of(*used.node, model.file), pool);
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
    return fits_pool(*shape, model.name, pool, options, own_gpu_bytes());
}

} // namespace tw
