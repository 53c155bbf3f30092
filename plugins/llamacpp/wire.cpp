// JSON for and from a llama-server.
#include "wire.hpp"

#include <tightwad/sdk/json_writer.hpp>

namespace llamacpp::wire {

using namespace tw::sdk;

std::string root_of(std::string url) {
    const auto strip = [&](std::string_view ending) {
        if (url.ends_with(ending)) url.resize(url.size() - ending.size());
    };
    strip("/");
    strip("/chat/completions");
    strip("/v1");
    strip("/");
    return url;
}

std::string path_of(const chat_request& request) {
    return request.root().find("messages") ? "/v1/chat/completions" : "/v1/completions";
}

std::string body_of(const chat_request& request, const std::string& model) {
    const auto root = request.root();
    json::object_writer out;
    if (!model.empty()) out.text("model", model);
    const auto format = root.find("prompt") ? root.find("response_format") : std::nullopt;
    out.members(root, {"model", "seed", "stream", "stream_options", "max_completion_tokens", format ? "response_format" : "model"});
    if (format) { // its completions take a schema by another name
        const auto outer = format->find("json_schema");
        const auto schema = outer ? outer->find("schema") : std::nullopt;
        out.raw("json_schema", schema ? schema->raw() : R"({"type":"object"})");
    }
    if (const auto seed = json::small_seed(root)) out.integer("seed", *seed);
    return out.boolean("stream", true).raw("stream_options", R"({"include_usage":true})").str();
}

std::string path_of(std::string_view what) {
    for (const auto& [known, path] : {std::pair{"embeddings", "/v1/embeddings"}, std::pair{"rerank", "/v1/rerank"},
                                      std::pair{"tokenize", "/tokenize"}, std::pair{"detokenize", "/detokenize"},
                                      std::pair{"properties", "/props"}, std::pair{"health", "/health"}})
        if (what == known) return path;
    throw failure{TW_UNSUPPORTED, "A llama-server is not asked for " + std::string(what) + "."};
}

std::string body_of(std::string_view what, const json::value& asked, const std::string& model) {
    json::object_writer out;
    if (!model.empty()) out.text("model", model);
    out.members(asked, {"truncate"});
    if (what == "embeddings") out.text("encoding_format", "float");
    if (what == "tokenize") out.boolean("with_pieces", true);
    return out.str();
}

properties read_properties(std::string_view body) {
    const auto root = json::value::parse(body);
    const auto text = [](const json::value& from, std::string_view key) {
        const auto found = from.find(key);
        return found && found->kind() == json::kind::string ? found->as_string() : std::string();
    };
    const auto number = [](const json::value& from, std::string_view key) {
        const auto found = from.find(key);
        return found && found->kind() == json::kind::number ? found->as_integer() : 0;
    };
    properties out{text(root, "model_path"), text(root, "build_info"), 0, number(root, "total_slots")};
    const auto defaults = root.find("default_generation_settings");
    if (defaults && defaults->kind() == json::kind::object) out.context = number(*defaults, "n_ctx");
    return out;
}

} // namespace llamacpp::wire
