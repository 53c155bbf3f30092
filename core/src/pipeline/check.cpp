// The words for what cannot be.
#include "pipeline/check.hpp"

#include <nlohmann/json.hpp>

#include "base/peer_address.hpp"
#include "pipeline/nodes.hpp"
#include "pipeline/server_drafts.hpp"
#include "pooled/llama_server.hpp"

namespace tw {
namespace {

void check_target(const pipeline_config& pipeline, const resolved_node& target, std::vector<diagnostic>& mistakes) {
    if (target.code == nullptr) return; // config and registry have said so
    if (makes_embeddings(target) && !drafts_of(pipeline).empty())
        mistakes.push_back({pipeline.at, "Pipeline '" + pipeline.name + "' has a draft, but its target '" + target.node->name +
                                             "' makes embeddings, for which nothing is drafted. Remove draft."});
    if (target.as_engine != nullptr) return;
    if (target.as_backend == nullptr)
        mistakes.push_back({target.node->at, "The plugin '" + target.node->plugin + "' of backend '" +
                                                 target.node->name + "' offers neither an engine nor a backend, so "
                                                 "pipeline '" + pipeline.name + "' cannot use it as its target."});
    else if (!pipeline.draft.empty() && !pipeline.fallback)
        mistakes.push_back({pipeline.at, "Pipeline '" + pipeline.name + "' cannot speculate: " +
                                             no_logits(target.node->name) + " Or remove draft, or set fallback = true, "
                                             "to serve it plainly."});
}

// Who believes drafters has to have their drafts and the target's passes in one process.
void check_consensus(const pipeline_config& pipeline, const resolved_node& target, std::vector<diagnostic>& mistakes) {
    const bool unknown = target.code == nullptr && !target.node->peer; // said elsewhere
    if (pipeline.consensus_mode == "off" || unknown || (target.as_engine != nullptr && !target.node->peer && target.node->pool.empty())) return;
    mistakes.push_back({pipeline.at, "Pipeline '" + pipeline.name + "' has consensus_mode = \"" + pipeline.consensus_mode +
                                         "\", which takes a target that is loaded in this process, and '" + target.node->name +
                                         "' is not. Give it a model_path and no pool, or remove consensus_mode."});
}

void check_draft(const pipeline_config& pipeline, const configuration& config, const registry& plugins,
                 std::vector<diagnostic>& mistakes) {
    for (const auto& [name, fallback] : drafts_of(pipeline))
        if (const auto draft = resolve(config, plugins, name); makes_embeddings(draft))
            mistakes.push_back({draft.node->at, "The backend '" + name + "' makes embeddings, so it cannot draft for pipeline '" +
                                                    pipeline.name + "'. Remove embeddings, or name another draft."});
        else if (draft.code != nullptr && draft.as_engine == nullptr && !is_drafting_server(draft))
            mistakes.push_back({draft.node->at, draft.node->server || draft.as_backend != nullptr
                                                    ? "The backend '" + name + "' is a server that does not say what its "
                                                      "tokens are, so it cannot draft for pipeline '" + pipeline.name + "'. "
                                                      "Name a llama-server or an Ollama, load a small model with "
                                                      "model_path, or run `tightwad peer` beside that server."
                                                    : "The plugin '" + draft.node->plugin + "' of backend '" + name +
                                                          "' offers no engine, so it cannot draft for pipeline '" +
                                                          pipeline.name + "'."});
    if (pipeline.verify != "exact")
        mistakes.push_back({pipeline.at, "Pipeline '" + pipeline.name + "' asks for verify = \"" + pipeline.verify +
                                             "\"; this version has \"exact\"."});
}

// A backend whose model a pool's llama-server holds.
void check_held(const node_config& node, const resolved_node& used, const configuration& config,
                std::vector<diagnostic>& mistakes) {
    if (used.code == nullptr) return;
    if (used.as_backend == nullptr)
        mistakes.push_back({node.at, "The plugin '" + node.plugin + "' of backend '" + node.name +
                                         "' cannot talk to the llama-server of [pool." + node.pool +
                                         "]. Choose plugin = \"llamacpp\"."});
    if (auto words = pooled::llama_server_arguments(node.options_json, *config.pool(node.pool), 1); !words)
        mistakes.push_back({node.at, "[backend." + node.name + "]: " + words.error().message});
}

// As an engine is given a pool, so that it can say whether it has what that takes. Nobody is asked at the address.
std::string pool_options(const std::string& options_json) {
    auto options = nlohmann::json::parse(options_json);
    options["rpc"] = "127.0.0.1:1";
    return options.dump();
}

} // namespace

std::string no_logits(const std::string& target) {
    return "The target '" + target + "' is a server that hands out text, not logits, so no draft can be verified. To "
           "speculate, run `tightwad peer` beside that server with the same model file and make that peer the target.";
}

std::vector<diagnostic> check_pipelines(const configuration& config, const registry& plugins) {
    std::vector<diagnostic> mistakes;
    for (const auto& pipeline : config.pipelines) {
        check_target(pipeline, resolve(config, plugins, pipeline.target), mistakes);
        for (const auto& name : pipeline.replicas) check_target(pipeline, resolve(config, plugins, name), mistakes);
        check_draft(pipeline, config, plugins, mistakes);
        check_consensus(pipeline, resolve(config, plugins, pipeline.target), mistakes);
    }
    for (const auto& node : config.nodes) {
        const auto used = resolve(config, plugins, node.name);
        if (is_held_by_server(node, config)) {
            check_held(node, used, config, mistakes);
            continue;
        }
        if (!node.pool.empty() && used.code != nullptr &&
            (used.as_engine == nullptr || !has_option(*used.as_engine, "rpc")))
            mistakes.push_back({node.at, "The plugin '" + node.plugin + "' of backend '" + node.name +
                                             "' cannot compute over a pool: it has no option \"rpc\". Remove pool, or "
                                             "choose plugin = \"llamacpp\"."});
        if (!node.pool.empty() && makes_embeddings(used))
            mistakes.push_back({node.at, "The backend '" + node.name + "' makes embeddings, which a pool does not. Remove pool."});
        if (used.as_engine == nullptr || node.peer) continue; // the peer checks its own
        const auto options = node.pool.empty() ? node.options_json : pool_options(node.options_json);
        if (const auto sound = engine::check(*used.as_engine, used.code->id, options); !sound)
            mistakes.push_back({node.at, sound.error().message});
    }
    return mistakes;
}

std::vector<diagnostic> unencrypted_links(const configuration& config) {
    std::vector<diagnostic> out;
    for (const auto& node : config.nodes) {
        if (!node.peer) continue;
        const auto address = net::parse_peer_address(node.peer->url);
        if (!address || address->tls || is_loopback(address->host)) continue;
        out.push_back({node.at, "Backend '" + node.name + "' is reached at " + node.peer->url + " without encryption: "
                                "anybody on the way reads its token and the text. Start that peer with TLS, and write "
                                "the tws:// address and the fingerprint that `tightwad peer invite` prints there."});
    }
    for (const auto& pool : config.pools)
        for (const auto& worker : pool.workers) {
            if (worker.host.empty() || worker.is_private()) continue;
            const auto called = "Worker '" + worker.name + "' of pool '" + pool.name + "'";
            out.push_back({worker.at, worker.peer
                                          ? called + " is reached at " + worker.peer->url + " without encryption: anybody on "
                                            "the way reads its token and the text, and can read and write that machine's "
                                            "memory. Start that peer with TLS, and write the tws:// address and the fingerprint "
                                            "that `tightwad peer invite` prints there."
                                          : called + " is an rpc-server in the open: it believes whoever reaches its port, who "
                                            "can then read and write that machine's memory, and the text crosses the network "
                                            "readable. Run `tightwad peer start` there and name it by url."});
        }
    return out;
}

} // namespace tw
