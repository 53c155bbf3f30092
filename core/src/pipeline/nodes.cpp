// Names to plugins to engines.
#include "pipeline/nodes.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "bridge/interfaces.hpp"
#include "service/plugin_host.hpp"

namespace tw {

resolved_node resolve(const configuration& config, const registry& plugins, const std::string& name) {
    resolved_node out{.node = config.node(name)};
    if (out.node != nullptr) out.code = plugins.find(out.node->plugin);
    if (out.code == nullptr) return out;
    if (!out.node->server && !is_held_by_server(*out.node, config)) out.as_engine = find_engine(*out.code);
    out.as_backend = find_backend(*out.code);
    return out;
}

bool is_held_by_server(const node_config& node, const configuration& config) {
    const auto* pool = config.pool(node.pool);
    return pool != nullptr && !pool->server.empty();
}

bool has_option(const tw_engine_v1& api, std::string_view name) {
    for (const auto* const* option = api.options; option != nullptr && *option != nullptr; ++option)
        if ((*option)->name == name) return true;
    return false;
}

std::string drafting_options(const resolved_node& draft) {
    auto options = nlohmann::json::parse(draft.node->options_json);
    if (draft.as_engine != nullptr && has_option(*draft.as_engine, "cache") && !options.contains("cache"))
        options["cache"] = "fast";
    return options.dump();
}

bool makes_embeddings(const resolved_node& node) {
    if (node.as_engine == nullptr || node.node->peer || !has_option(*node.as_engine, "embeddings")) return false;
    return nlohmann::json::parse(node.node->options_json).value("embeddings", false);
}

result<std::unique_ptr<engine>> load_engine(const resolved_node& node, const std::string& options,
                                            const std::function<bool(float)>& progress) {
    if (node.as_engine == nullptr)
        return fail(code::unsupported, "The backend '" + node.node->name + "' hands out text, not logits; only an engine "
                                       "that is loaded here can do this.");
    spdlog::info("event=loading backend={} plugin={}", node.node->name, node.code->id);
    auto loaded = engine::create(*node.as_engine, node.code->id,
                                 std::make_unique<plugin_host>(node.code->id, node.node->secrets), options, progress);
    if (!loaded) return loaded;
    if (const auto* grammars = find_grammar_api(*node.code)) (*loaded)->with_grammars(*grammars);
    if (const auto* chats = find_chat_api(*node.code)) (*loaded)->with_chat(*chats);
    if (const auto* embeddings = find_embedding_api(*node.code)) (*loaded)->with_embeddings(*embeddings);
    if (const auto* rankings = find_ranking_api(*node.code)) (*loaded)->with_rankings(*rankings);
    spdlog::info("event=loaded backend={} model=\"{}\" device=\"{}\" context={} slots={}", node.node->name,
                 (*loaded)->info().model, (*loaded)->info().device, (*loaded)->info().n_ctx, (*loaded)->info().n_seq);
    return loaded;
}

std::vector<wanted_draft> drafts_of(const pipeline_config& wanted) {
    std::vector<wanted_draft> out;
    for (const auto& name : wanted.draft) out.push_back({name, false});
    for (const auto& name : wanted.draft_fallback) out.push_back({name, true});
    return out;
}

result<std::unique_ptr<backend>> open_backend(const resolved_node& node, const server_config& server) {
    auto host = std::make_unique<plugin_host>(node.code->id, node.node->secrets);
    if (!server.private_upstreams) host->dial_public_only();
    auto made = backend::create(*node.as_backend, node.code->id, std::move(host), node.node->options_json);
    if (!made) return made;
    if (const auto* questions = find_question_api(*node.code)) (*made)->with_questions(*questions);
    if (const auto* passing = find_pass_api(*node.code)) (*made)->with_pass(*passing);
    if (const auto* continuations = find_continuation_api(*node.code)) (*made)->with_continuations(*continuations);
    return made;
}

} // namespace tw
