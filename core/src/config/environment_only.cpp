// A configuration without a file: one server, named by TIGHTWAD_TARGET_URL and its like.
#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "base/web_url.hpp"
#include "config/paths.hpp"
#include "config/sections.hpp"

namespace tw {
namespace {

constexpr const char* target_url = "TIGHTWAD_TARGET_URL";
constexpr std::array plugins{"ollama", "llamacpp", "openrouter"};

// "TIGHTWAD_TARGET_BACKEND", or what it is where it is not set.
std::string target_plugin() {
    auto named = environment("TIGHTWAD_TARGET_BACKEND");
    return named.empty() ? plugins.front() : named;
}

void check_url(const char* variable, report& out) {
    const auto url = environment(variable);
    if (url.find("${") != std::string::npos)
        out.add({variable, 0, 0}, "The address holds \"${\", which nothing replaces; write the address itself.");
    else if (const auto sound = net::parse_web_url(url); !sound)
        out.add({variable, 0, 0}, sound.error().message);
}

node_config target_node(report& out) {
    node_config node;
    node.interface = "backend";
    node.name = "target";
    node.plugin = target_plugin();
    node.server = true;
    node.at = {target_url, 0, 0};
    check_url(target_url, out);
    nlohmann::json options{{"url", environment(target_url)}};
    const auto model = environment("TIGHTWAD_TARGET_MODEL");
    if (!model.empty()) options["model"] = model;
    else if (node.plugin != "llamacpp")
        out.add({"TIGHTWAD_TARGET_MODEL", 0, 0},
                "The environment variable is not set; it is the model's name at the server, which \"" + node.plugin + "\" needs.");
    node.options_json = options.dump();
    if (constexpr auto key = "TIGHTWAD_TARGET_API_KEY"; !environment(key).empty())
        node.secrets.emplace("api_key", secret_ref{secret_ref::kind::env, key});
    if (std::find(plugins.begin(), plugins.end(), node.plugin) == plugins.end())
        out.add({"TIGHTWAD_TARGET_BACKEND", 0, 0}, "The environment variable is \"" + node.plugin +
                                                       "\"; it must be ollama, llamacpp or openrouter.");
    return node;
}

// Of the Python Tightwad, and without effect here.
struct idle_variable {
    const char *name, *nothing; // `nothing`: the value that asks for nothing
    const char* remedy;
    bool beside_a_file = false; // it was read there, too
};
constexpr std::array idle{
    idle_variable{"TIGHTWAD_DRAFT_URL", "",
                  "The draft is left out: servers hand out text, not logits, so no draft of one can be verified. Write a file in "
                  "which a pipeline has a target with a model_path, or at a peer, and a draft (docs/servers.md)."},
    idle_variable{"TIGHTWAD_DRAFT_MODEL", "",
                  "It belongs to TIGHTWAD_DRAFT_URL, which is left out. In a file it is the model_path of a draft's [backend.NAME]."},
    idle_variable{"TIGHTWAD_DRAFT_BACKEND", "",
                  "It belongs to TIGHTWAD_DRAFT_URL, which is left out. In a file it is the plugin of a draft's [backend.NAME]."},
    idle_variable{"TIGHTWAD_CONSENSUS_MODE", "off",
                  "Nothing is drafted for a server, so no drafters can agree. In a file it is consensus_mode of a pipeline whose "
                  "target is loaded here."},
    idle_variable{"TIGHTWAD_MAX_DRAFT_TOKENS", "auto",
                  "Nothing is drafted for a server. In a file it is max_draft_tokens of a pipeline whose target is loaded here, or "
                  "at a peer."},
    idle_variable{"TIGHTWAD_CHAT_TEMPLATE", "auto",
                  "The server brings its own chat template. For a model that is loaded here write chat_template into the "
                  "[backend.NAME] of a file."},
    idle_variable{"TIGHTWAD_ALLOW_UNAUTHENTICATED", "false",
                  "An address that other machines can reach always needs a token: set TIGHTWAD_PROXY_TOKEN, or leave "
                  "TIGHTWAD_HOST at 127.0.0.1.", true},
    idle_variable{"TIGHTWAD_DISABLE_PREWARM", "",
                  "No model file is read ahead of its loading here. Leave it out.", true},
};

} // namespace

std::optional<std::string> environment_plugin() {
    if (environment(target_url).empty()) return std::nullopt;
    return target_plugin();
}

load_result from_environment(const option_lookup& lookup) {
    report out;
    configuration config;
    config.path = "environment";
    config.nodes.push_back(target_node(out));
    if (lookup && out.mistakes.empty())
        if (const auto options = lookup("server", target_plugin()); !options)
            out.add({"TIGHTWAD_TARGET_BACKEND", 0, 0}, options.error().message);
    if (!environment("TIGHTWAD_DRAFT_URL").empty()) check_url("TIGHTWAD_DRAFT_URL", out);
    pipeline_config pipeline;
    pipeline.name = "target";
    const auto model = environment("TIGHTWAD_TARGET_MODEL");
    pipeline.serves = {model.empty() ? "target" : model};
    pipeline.target = "target";
    pipeline.at = {target_url, 0, 0};
    config.pipelines.push_back(std::move(pipeline));
    sections::apply_environment(config, out);
    if (!out.mistakes.empty()) return out.mistakes;
    return config;
}

std::vector<diagnostic> environment_remarks(const configuration& config) {
    std::vector<diagnostic> out;
    const bool alone = config.path == "environment";
    if (!alone && !environment(target_url).empty())
        out.push_back({{target_url, 0, 0}, "The environment variable is set and not read, because there is a configuration file."});
    for (const auto& each : idle)
        if (const auto value = lower(environment(each.name));
            (alone || each.beside_a_file) && !value.empty() && value != each.nothing)
            out.push_back({{each.name, 0, 0}, each.remedy});
    return out;
}

} // namespace tw
