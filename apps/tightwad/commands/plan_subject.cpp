// The configuration's names lead to files and numbers.
#include "commands/plan_subject.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/median.hpp"
#include "base/text.hpp"
#include "config/paths.hpp"
#include "pipeline/nodes.hpp"

namespace tw::cli {
namespace {

using nlohmann::json;

// Of the plugin llamacpp.
constexpr std::uint64_t usual_slots = 4;

template <class T> T value_of(const json& options, const char* key, T otherwise) {
    return options.is_object() && options.contains(key) ? options.value(key, otherwise) : otherwise;
}

bool is_here(const node_config& node) { return !node.peer && !node.server; }

result<const pipeline_config*> choose(const configuration& config, const std::string& name) {
    const auto found = std::ranges::find_if(config.pipelines, [&](const auto& one) {
        return name.empty() ? config.is_pooled(one) : one.name == name;
    });
    if (found != config.pipelines.end()) return &*found;
    if (config.pipelines.empty())
        return fail(code::not_found, "There is no [pipeline.NAME] in " + config.path.string() +
                                         ", so there is no target to plan for; name a model by --model FILE.");
    if (name.empty()) return &config.pipelines.front();
    std::vector<std::string> names;
    for (const auto& one : config.pipelines) names.push_back(one.name);
    const auto near = near_name(name, names);
    return fail(code::not_found, "There is no pipeline \"" + name + "\" in " + config.path.string() +
                                     (near.empty() ? "." : "; did you mean \"" + near + "\"?"));
}

void add_draft(plan_subject& out, const configuration& config, const pipeline_config& pipeline) {
    if (pipeline.max_draft_tokens) out.longest_draft = static_cast<std::uint32_t>(*pipeline.max_draft_tokens);
    for (const auto& name : pipeline.draft)
        if (const auto* node = config.node(name); node != nullptr && out.draft == nullptr && is_here(*node)) out.draft = node;
    if (out.draft == nullptr && !pipeline.draft.empty())
        out.no_draft = "the drafters of [pipeline." + pipeline.name + "] are on other machines, and only one here is timed";
}

result<void> from_pipeline(plan_subject& out, const configuration& config, const std::string& name) {
    const auto pipeline = choose(config, name);
    if (!pipeline) return pipeline.error();
    const auto* target = config.node((*pipeline)->target);
    out.options = json::parse(target->options_json, nullptr, false);
    out.written = value_of(out.options, "model_path", std::string());
    if (!is_here(*target) || out.written.empty())
        return fail(code::unsupported, "The target \"" + target->name + "\" of [pipeline." + (*pipeline)->name +
                                           "] is no model file of this machine; name one by --model FILE.");
    if (const auto* pool = config.pool(target->pool)) out.pools.push_back(pool);
    out.exact = (*pipeline)->exactness != "numeric";
    add_draft(out, config, **pipeline);
    return {};
}

} // namespace

result<plan_subject> subject_of(const configuration& config, const plan_options& options) {
    plan_subject out;
    const auto& backend = out.options;
    if (!options.model.empty()) {
        out.written = options.model;
        for (const auto& pool : config.pools) out.pools.push_back(&pool);
    } else {
        const auto found = from_pipeline(out, config, options.pipeline);
        if (!found) return found.error();
    }
    const auto file = resolve_file(out.written, std::filesystem::current_path());
    if (!file) return file.error();
    auto model = plan::inspect_model(*file);
    if (!model) return model.error();
    out.model = std::move(*model);
    if (out.model.layers.empty())
        return fail(code::unsupported, "The model " + out.written + " says of no layers, so there is nothing to divide.");
    const auto trained = out.model.context == 0 ? 4096 : out.model.context;
    const auto context = value_of<std::uint64_t>(backend, "context", 0);
    out.context = options.context != 0 ? options.context : context != 0 ? std::min(context, trained) : trained;
    out.slots = options.slots != 0 ? options.slots
                                   : value_of<std::uint64_t>(backend, "slots", backend.is_null() ? 1 : usual_slots);
    out.threads = value_of<unsigned>(backend, "threads", 0);
    return out;
}

result<double> time_of_token(const setup& what, const node_config& draft, std::uint64_t target_bytes) {
    constexpr int drafts = 7, length = 8;
    constexpr std::uint64_t most_bytes = 256U << 20U;
    constexpr auto others = std::chrono::milliseconds{25}; // their part of the pass, in which this processor sleeps
    const auto loaded = load_engine(resolve(what.config, what.plugins, draft.name), draft.options_json,
                                    [](float) { return true; });
    if (!loaded) return loaded.error();
    auto& model = **loaded;
    const auto token = std::max(model.info().bos, 0);
    const std::vector<std::uint64_t> target(std::min(target_bytes, most_bytes) / sizeof(std::uint64_t), 1);
    volatile std::uint64_t read = 0;
    std::vector<double> times;
    for (std::int32_t i = 0; i < drafts; ++i) {
        std::this_thread::sleep_for(others);
        read = std::accumulate(target.begin(), target.end(), read);
        const auto began = std::chrono::steady_clock::now();
        for (std::int32_t j = 0; j < length; ++j) {
            const std::array<tw_row, 1> row{{{0, i * length + j, token, 1}}};
            if (const auto done = model.decode(row); !done) return done.error();
        }
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
        if (i > 0) times.push_back(took.count() / length); // the first warms up
    }
    return median(times);
}

} // namespace tw::cli
