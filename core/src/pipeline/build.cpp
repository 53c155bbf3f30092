// From configuration to running pipelines.
#include "pipeline/build.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "bridge/backend.hpp"
#include "bridge/chat_template.hpp"
#include "bridge/engine.hpp"
#include "bridge/interfaces.hpp"
#include "pipeline/backend_pipeline.hpp"
#include "pipeline/engine_pipeline.hpp"
#include "pipeline/exact_target.hpp"
#include "speculation/drafter_thread.hpp"

namespace tw {
namespace {

// What the configuration's edges lead to. The pointers outlive every pipeline: plugins are never
// unloaded.
struct ends {
    const node_config* node = nullptr;
    const plugin* code = nullptr;
    const tw_engine_v1* as_engine = nullptr;
    const tw_backend_v1* as_backend = nullptr;
};

ends resolve(const configuration& config, const registry& plugins, const std::string& name) {
    ends out{.node = config.node(name)};
    if (out.node != nullptr) out.code = plugins.find(out.node->plugin);
    if (out.code == nullptr) return out;
    out.as_engine = find_engine(*out.code);
    out.as_backend = find_backend(*out.code);
    return out;
}

void check_target(const pipeline_config& pipeline, const ends& target, std::vector<diagnostic>& mistakes) {
    if (target.code == nullptr) return; // config and registry have said so
    if (target.as_engine != nullptr) return;
    if (target.as_backend == nullptr)
        mistakes.push_back({target.node->at, "The plugin '" + target.node->plugin + "' of backend '" +
                                                 target.node->name + "' offers neither an engine nor a backend, so "
                                                 "pipeline '" + pipeline.name + "' cannot use it as its target."});
    else if (!pipeline.draft.empty() && !pipeline.fallback)
        mistakes.push_back({pipeline.at, "Pipeline '" + pipeline.name + "' cannot speculate: its target '" +
                                             target.node->name + "' hands out text, not logits. Remove draft, or set "
                                             "fallback = true to serve it plainly."});
}

void check_draft(const pipeline_config& pipeline, const configuration& config, const registry& plugins,
                 std::vector<diagnostic>& mistakes) {
    auto drafts = pipeline.draft;
    drafts.insert(drafts.end(), pipeline.draft_fallback.begin(), pipeline.draft_fallback.end());
    for (const auto& name : drafts)
        if (const auto draft = resolve(config, plugins, name); draft.code != nullptr && draft.as_engine == nullptr)
            mistakes.push_back({draft.node->at, "The plugin '" + draft.node->plugin + "' of backend '" + name +
                                                    "' offers no engine, so it cannot draft for pipeline '" +
                                                    pipeline.name + "'."});
    if (pipeline.verify != "exact")
        mistakes.push_back({pipeline.at, "Pipeline '" + pipeline.name + "' asks for verify = \"" + pipeline.verify +
                                             "\"; this version has \"exact\"."});
}

// The node's table, with the slots of the target where the drafter's are not given: each answer needs a
// sequence at both.
std::string draft_options(const ends& draft, std::int32_t slots) {
    auto options = nlohmann::json::parse(draft.node->options_json);
    if (!options.contains("slots")) options["slots"] = slots;
    return options.dump();
}

result<std::unique_ptr<engine>> load(const ends& node, const std::string& options,
                                     const std::function<bool(float)>& progress) {
    if (node.node->peer)
        return fail(code::unsupported, "The backend '" + node.node->name + "' is an engine of the machine at " +
                                           node.node->peer->url + ", which pipelines cannot use yet.");
    spdlog::info("event=loading backend={} plugin={}", node.node->name, node.code->id);
    auto loaded = engine::create(*node.as_engine, node.code->id,
                                 std::make_unique<plugin_host>(node.code->id, node.node->secrets), options, progress);
    if (loaded)
        spdlog::info("event=loaded backend={} model=\"{}\" device=\"{}\" context={} slots={}", node.node->name,
                     (*loaded)->info().model, (*loaded)->info().device, (*loaded)->info().n_ctx,
                     (*loaded)->info().n_seq);
    return loaded;
}

// Why a drafter cannot serve a target, empty when it can.
std::string misfit(const engine& target, const engine& draft, const pipeline_config& pipeline,
                   const std::string& name) {
    if (target.vocabulary_digest() != draft.vocabulary_digest())
        return "The draft '" + name + "' (" + std::to_string(draft.info().n_vocab) +
               " tokens) and the target '" + pipeline.target + "' (" + std::to_string(target.info().n_vocab) +
               " tokens) have different vocabularies, so no draft could be verified. Choose a draft of the target's "
               "family.";
    if (draft.info().n_seq < target.info().n_seq)
        return "The draft '" + name + "' has " + std::to_string(draft.info().n_seq) + " slots and the target '" +
               pipeline.target + "' " + std::to_string(target.info().n_seq) + ": give the draft at least as many.";
    return {};
}

// The first plugin that understands the model's own template.
void find_chat_template(engine_pipeline_parts& parts, const ends& target, const registry& plugins) {
    const auto source = parts.target->info().chat_template;
    parts.no_chat = "The model '" + parts.serves.front() +
                    "' has no chat template, so chat requests cannot be rendered. Use /v1/completions.";
    if (source.empty()) return;
    const auto attempt = [&](const plugin& candidate) {
        const auto* api = find_chat_template_api(candidate);
        if (api == nullptr) return false;
        auto made = tw::chat_template::create(
            *api, candidate.id,
            std::make_unique<plugin_host>(candidate.id, std::map<std::string, secret_ref>{}), source);
        if (!made) {
            parts.no_chat = made.error().message;
            return false;
        }
        parts.chat = std::move(*made);
        return true;
    };
    if (attempt(*target.code)) return;
    for (const auto* candidate : plugins.plugins())
        if (candidate != target.code && attempt(*candidate)) return;
}

bool has_option(const tw_engine_v1& api, std::string_view name) {
    for (const auto* const* option = api.options; option != nullptr && *option != nullptr; ++option)
        if ((*option)->name == name) return true;
    return false;
}

// The target, and what its exactness asks of the passes.
result<void> add_target(engine_pipeline_parts& parts, const ends& target, const std::string& exactness,
                        const std::function<bool(float)>& progress) {
    probe_options probing;
    probing.most_rows = static_cast<std::int32_t>(std::min<std::size_t>(parts.speculation.most + 1, 64));
    probing.prefill_rows = parts.scheduling.prefill_rows;
    auto got = load_exact_target([&](const std::string& options) { return load(target, options, progress); },
                                 target.node->options_json, has_option(*target.as_engine, "cache"), exactness, probing);
    if (!got) return got.error();
    const auto& report = got->report;
    parts.exactness = {name(report.kind), got->cost, report.findings};
    parts.scheduling.reuse_prefix = report.reusable || report.kind == exactness_class::numeric;
    if (report.kind == exactness_class::shape_class) {
        parts.scheduling.least_rows = report.rows.least;
        parts.scheduling.most_rows = report.rows.most;
        parts.speculation.most = std::min(parts.speculation.most, static_cast<std::size_t>(report.rows.most - 1));
    }
    spdlog::info("event=exactness model=\"{}\" class={} cost={:.2f}", got->model->info().model, name(report.kind), got->cost);
    parts.target = std::move(got->model);
    return {};
}

// The engine is taken over when the link is made, which happens once.
engine_pipeline_parts::drafter local_drafter(const std::string& name, std::unique_ptr<engine> model) {
    auto label = model->info().model;
    auto held = std::make_shared<std::unique_ptr<engine>>(std::move(model));
    return {{name, [held](draft_inbox& inbox, std::size_t index) {
                 return std::make_unique<drafter_thread>(std::move(*held), inbox, index);
             }}, std::move(label)};
}

// Every drafter that can serve the target; the first reason why one cannot is kept for the status.
result<void> add_drafts(engine_pipeline_parts& parts, const pipeline_config& wanted, const configuration& config,
                        const registry& plugins, const std::function<bool(float)>& progress) {
    if (wanted.draft.empty()) parts.no_draft = "The pipeline names no draft.";
    for (const auto& name : wanted.draft) {
        const auto draft = resolve(config, plugins, name);
        auto model = load(draft, draft_options(draft, parts.target->info().n_seq), progress);
        const auto why = model ? misfit(*parts.target, **model, wanted, name) : model.error().message;
        if (why.empty()) {
            parts.drafts.push_back(local_drafter(name, std::move(*model)));
            continue;
        }
        if (!wanted.fallback)
            return fail(code::invalid_argument, why + " Or set fallback = true to serve without it.");
        spdlog::warn("event=no_draft pipeline={} draft={} why=\"{}\"", wanted.name, name, why);
        if (parts.no_draft.empty()) parts.no_draft = why;
    }
    return {};
}

result<std::shared_ptr<pipeline>> build(const pipeline_config& wanted, const configuration& config,
                                        const registry& plugins, const std::function<bool(float)>& progress) {
    const auto target = resolve(config, plugins, wanted.target);
    if (target.as_engine == nullptr) {
        auto made = backend::create(*target.as_backend, target.code->id,
                                    std::make_unique<plugin_host>(target.code->id, target.node->secrets),
                                    target.node->options_json);
        if (!made) return made.error();
        return std::make_shared<backend_pipeline>(wanted.name, wanted.serves, std::move(*made));
    }
    engine_pipeline_parts parts;
    parts.name = wanted.name;
    parts.serves = wanted.serves;
    parts.scheduling.queue = wanted.queue;
    parts.measure = !wanted.always_draft;
    parts.speculation.always = wanted.always_draft;
    if (wanted.max_draft_tokens) parts.speculation.most = static_cast<std::size_t>(*wanted.max_draft_tokens);
    const float share = wanted.draft.empty() ? 1.0F : 0.9F;
    if (const auto loaded = add_target(parts, target, wanted.exactness, [&](float part) { return progress(part * share); });
        !loaded)
        return loaded.error();
    find_chat_template(parts, target, plugins);
    if (const auto added = add_drafts(parts, wanted, config, plugins, [&](float part) {
            return progress(share + part * (1 - share));
        }); !added)
        return added.error();
    return std::make_shared<engine_pipeline>(std::move(parts));
}

} // namespace

std::vector<diagnostic> check_pipelines(const configuration& config, const registry& plugins) {
    std::vector<diagnostic> mistakes;
    for (const auto& pipeline : config.pipelines) {
        check_target(pipeline, resolve(config, plugins, pipeline.target), mistakes);
        for (const auto& name : pipeline.replicas) check_target(pipeline, resolve(config, plugins, name), mistakes);
        check_draft(pipeline, config, plugins, mistakes);
    }
    for (const auto& node : config.nodes) {
        const auto used = resolve(config, plugins, node.name);
        if (used.as_engine == nullptr || node.peer) continue; // the peer checks its own
        if (const auto sound = engine::check(*used.as_engine, used.code->id, node.options_json); !sound)
            mistakes.push_back({node.at, sound.error().message});
    }
    return mistakes;
}

result<std::vector<std::shared_ptr<pipeline>>>
build_pipelines(const configuration& config, const registry& plugins, const std::function<bool(float)>& progress) {
    std::vector<std::shared_ptr<pipeline>> out;
    const auto share = 1.0F / static_cast<float>(config.pipelines.size());
    for (const auto& wanted : config.pipelines) {
        const auto before = static_cast<float>(out.size()) * share;
        auto made = build(wanted, config, plugins, [&](float part) { return progress(before + part * share); });
        if (!made) {
            auto failure = made.error();
            failure.where = "pipeline." + wanted.name;
            return failure;
        }
        out.push_back(std::move(*made));
    }
    return out;
}

} // namespace tw
