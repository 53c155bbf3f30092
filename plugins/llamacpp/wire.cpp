// JSON for and from a llama-server.
#include "wire.hpp"

#include <algorithm>
#include <optional>
#include <vector>

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
    if (request.root().find("suffix")) return "/infill";
    return request.root().find("messages") ? "/v1/chat/completions" : "/v1/completions";
}

namespace {

// Its own names of what is before and behind a gap, and of how much may be filled in.
void put_gap(json::object_writer& out, const json::value& root) {
    const auto prompt = root.find("prompt", json::kind::string);
    if (!prompt)
        throw failure{TW_UNSUPPORTED, "A llama-server fills a gap behind a text only, not behind token ids."};
    if (root.find("logprobs"))
        throw failure{TW_UNSUPPORTED, "A llama-server says nothing of how likely the tokens are that it fills in; leave 'logprobs' out."};
    out.raw("input_prefix", prompt->raw()).raw("input_suffix", root.find("suffix")->raw());
    if (const auto most = root.find("max_tokens")) out.raw("n_predict", most->raw());
}

} // namespace

std::string body_of(const chat_request& request, const std::string& model) {
    const auto root = request.root();
    json::object_writer out;
    if (!model.empty()) out.text("model", model);
    const auto format = root.find("prompt") ? root.find("response_format") : std::nullopt;
    const bool gap = root.find("suffix").has_value();
    out.members(root, {"model", "seed", "stream", "stream_options", "max_completion_tokens", "think", format ? "response_format" : "model",
                       gap ? "prompt" : "model", gap ? "suffix" : "model", gap ? "max_tokens" : "model"});
    if (gap) put_gap(out, root);
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
                                      std::pair{"properties", "/props"}, std::pair{"about", "/props"}, std::pair{"health", "/health"}, std::pair{"load", "/slots"},
                                      std::pair{"count", "/apply-template"}, std::pair{"vocabulary", "/v1/models"}})
        if (what == known) return path;
    throw failure{TW_UNSUPPORTED, "A llama-server is not asked for " + std::string(what) + "."};
}

std::string body_of(std::string_view what, const json::value& asked, const std::string& model) {
    json::object_writer out;
    if (!model.empty()) out.text("model", model);
    out.members(asked, {"truncate", "seed"});
    if (what == "embeddings") out.text("encoding_format", "float");
    if (what == "tokenize") out.boolean("with_pieces", true);
    return out.str();
}

std::string split_body_of(std::string_view rendered, const std::string& model) {
    const auto prompt = json::value::parse(rendered).find("prompt", json::kind::string);
    if (!prompt)
        throw failure{TW_CORRUPT, "The llama-server's answer to /apply-template holds no prompt."};
    json::object_writer out;
    if (!model.empty()) out.text("model", model);
    return out.raw("content", prompt->raw()).boolean("add_special", true).boolean("parse_special", true).str();
}

std::string count_of(std::string_view tokens) {
    const auto list = json::value::parse(tokens).find("tokens", json::kind::array);
    if (!list)
        throw failure{TW_CORRUPT, "The llama-server's answer to /tokenize holds no tokens."};
    return json::object_writer().integer("tokens", static_cast<std::int64_t>(list->elements().size())).str();
}

std::string body_of(std::span<const std::int32_t> prompt, std::uint32_t most, const std::string& model) {
    std::string ids = "[";
    for (const auto id : prompt) ids.append(ids.size() > 1 ? "," : "").append(std::to_string(id));
    json::object_writer out;
    if (!model.empty()) out.text("model", model);
    // The likeliest token is the best one: no other chain of samplers costs as little.
    out.raw("prompt", ids + "]").integer("n_predict", most).raw("samplers", R"(["top_k"])").integer("top_k", 1);
    out.integer("temperature", 0).boolean("cache_prompt", true).boolean("return_tokens", true);
    return out.integer("n_probs", 2).boolean("stream", true).str();
}

std::string vocabulary_of(std::string_view body, const std::string& model) {
    const auto root = json::value::parse(body);
    const auto list = root.find("data");
    std::optional<json::value> found;
    for (const auto& each : list ? list->elements() : std::vector<json::value>()) {
        const auto id = each.find("id", json::kind::string);
        const bool named = !model.empty() && id && id->as_string() == model;
        if (!found || named) found = each.find("meta");
        if (named) break;
    }
    const auto number = [&](const char* key) {
        const auto at = found && found->kind() == json::kind::object ? found->find(key, json::kind::number) : std::nullopt;
        return at ? std::max<std::int64_t>(at->as_integer(), 0) : 0;
    };
    if (number("n_vocab") == 0)
        throw failure{TW_UNSUPPORTED, "The server does not say how many tokens its model has (GET /v1/models, meta.n_vocab), "
                                      "so it cannot be compared with a target."};
    json::object_writer out;
    out.integer("tokens", number("n_vocab"));
    if (const auto context = number("n_ctx"); context > 0) out.integer("context", context);
    return out.str();
}

properties read_properties(std::string_view body) {
    const auto root = json::value::parse(body);
    const auto text = [](const json::value& from, std::string_view key) {
        const auto found = from.find(key, json::kind::string);
        return found ? found->as_string() : std::string();
    };
    const auto number = [](const json::value& from, std::string_view key) {
        const auto found = from.find(key, json::kind::number);
        return found ? found->as_integer() : 0;
    };
    properties out{text(root, "model_path"), text(root, "build_info"), 0, number(root, "total_slots")};
    if (const auto defaults = root.find("default_generation_settings", json::kind::object)) out.context = number(*defaults, "n_ctx");
    return out;
}

std::string facts_of(const properties& found) {
    json::object_writer out;
    if (found.context > 0) out.integer("context", found.context);
    if (found.slots > 0) out.integer("slots", found.slots);
    if (!found.build.empty()) out.text("build", found.build);
    return out.str();
}

std::string load_of(std::string_view body) {
    const auto slots = json::value::parse(body).elements();
    const auto busy = std::count_if(slots.begin(), slots.end(), [](const json::value& slot) {
        const auto works = slot.find("is_processing", json::kind::boolean);
        return works && works->as_boolean();
    });
    return json::object_writer().integer("slots", static_cast<std::int64_t>(slots.size())).integer("busy", busy).str();
}

} // namespace llamacpp::wire
