// JSON for and from a cloud.
#include "wire.hpp"

#include <algorithm>
#include <charconv>

#include <tightwad/sdk/json_writer.hpp>

namespace openrouter::wire {

using namespace tw::sdk;

namespace {

// The client's wishes hold where the operator has none.
std::string provider_of(const routing& how, const std::optional<json::value>& wishes) {
    json::object_writer out;
    if (wishes && wishes->kind() == json::kind::object)
        for (const auto& [key, value] : wishes->members()) {
            const bool decided = (key == "order" && !how.order.empty()) || (key == "sort" && !how.sort.empty()) ||
                                 (key == "data_collection" && !how.data_collection.empty()) ||
                                 (key == "allow_fallbacks" && !how.fallbacks);
            if (!decided) out.raw(key, value.raw());
        }
    if (!how.order.empty()) {
        std::string names = "[";
        std::string_view rest = how.order;
        while (!rest.empty()) {
            const auto end = std::min(rest.find(','), rest.size());
            auto name = rest.substr(0, end);
            rest.remove_prefix(std::min(end + 1, rest.size()));
            name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
            name = name.substr(0, name.find_last_not_of(' ') + 1);
            if (!name.empty()) names += (names.size() > 1 ? "," : "") + json::quote(name);
        }
        out.raw("order", names + "]");
    }
    if (!how.sort.empty()) out.text("sort", how.sort);
    if (!how.data_collection.empty()) out.text("data_collection", how.data_collection);
    if (!how.fallbacks) out.boolean("allow_fallbacks", false);
    return out.empty() ? std::string() : out.str();
}

// By the client's own word: newer models refuse the older one, and older clouds do not know the newer one.
void put_limit(json::object_writer& out, const json::value& root, const routing& how) {
    const auto most = root.find("max_tokens");
    if (!most) return;
    const bool newer = root.find("messages") && (how.newest || root.find("max_completion_tokens"));
    out.raw(newer ? "max_completion_tokens" : "max_tokens", most->raw());
}

// Prices are dollars a token, written as text.
std::optional<double> per_million(const json::value& pricing, std::string_view key) {
    const auto found = pricing.find(key);
    if (!found || found->kind() != json::kind::string) return std::nullopt;
    const auto digits = found->as_string();
    double dollars = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), dollars);
    if (failed != std::errc{} || dollars < 0) return std::nullopt;
    return dollars * 1e6;
}

} // namespace

std::string root_of(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    if (constexpr std::string_view path = "/chat/completions"; url.ends_with(path)) url.resize(url.size() - path.size());
    return url;
}

void check(const routing& how) {
    const auto one_of = [](const char* key, const std::string& word, std::initializer_list<std::string_view> all) {
        if (word.empty()) return;
        std::string list;
        for (const auto each : all) {
            if (word == each) return;
            list += (list.empty() ? "\"" : ", \"") + std::string(each) + '"';
        }
        throw failure{TW_INVALID_ARGUMENT, std::string(key) + " is \"" + word + "\"; it must be one of " + list + "."};
    };
    one_of("provider_sort", how.sort, {"price", "throughput", "latency"});
    one_of("data_collection", how.data_collection, {"allow", "deny"});
}

std::string path_of(const chat_request& request) {
    return request.root().find("messages") ? "/chat/completions" : "/completions";
}

std::string body_of(const chat_request& request, const std::string& model, const routing& how) {
    const auto root = request.root();
    const auto prompt = root.find("prompt");
    if (prompt && prompt->kind() != json::kind::string)
        throw failure{TW_UNSUPPORTED, "A cloud takes prompts in text only, not in token ids: it may use another vocabulary."};
    if (root.find("grammar")) throw failure{TW_UNSUPPORTED, "A cloud takes no grammar; send a JSON schema, or ask a model that is loaded by Tightwad."};
    json::object_writer out;
    out.text("model", model);
    out.members(root, {"model", "seed", "stream", "stream_options", "repeat_penalty", "max_tokens", "max_completion_tokens",
                       "provider", "think", how.extras ? "usage" : "model"});
    put_limit(out, root, how);
    if (const auto penalty = root.find("repeat_penalty")) out.raw("repetition_penalty", penalty->raw());
    if (const auto seed = json::small_seed(root)) out.integer("seed", *seed);
    out.boolean("stream", true).raw("stream_options", R"({"include_usage":true})");
    if (how.extras) out.raw("usage", R"({"include":true})");
    if (const auto provider = provider_of(how, root.find("provider")); !provider.empty()) out.raw("provider", provider);
    return out.str();
}

std::string path_of(std::string_view what) {
    if (what == "embeddings") return "/embeddings";
    if (what == "rerank") return "/rerank";
    throw failure{TW_UNSUPPORTED, "A cloud is not asked for " + std::string(what) + "."};
}

std::string question_body_of(std::string_view what, const json::value& asked, const std::string& model) {
    json::object_writer out;
    out.text("model", model).members(asked, {"truncate"});
    if (what != "embeddings") return out.str();
    const auto input = asked.find("input");
    for (const auto& one : input ? input->elements() : std::vector<json::value>())
        if (one.kind() != json::kind::string)
            throw failure{TW_UNSUPPORTED, "A cloud embeds texts only, no token ids: it may use another vocabulary."};
    return out.text("encoding_format", "float").str();
}

listing find_model(std::string_view body, const std::string& model) {
    listing out;
    const auto data = json::value::parse(body).find("data");
    if (!data || data->kind() != json::kind::array)
        throw failure{TW_CORRUPT, "The list of models holds no \"data\"; check that url ends with the version, such as /v1."};
    for (const auto& one : data->elements()) {
        const auto id = one.find("id");
        if (!id || id->kind() != json::kind::string || id->as_string() != model) continue;
        out.found = true;
        if (const auto context = one.find("context_length"); context && context->kind() == json::kind::number)
            out.context = context->as_integer();
        const auto pricing = one.find("pricing");
        if (!pricing || pricing->kind() != json::kind::object) break;
        const auto prompt = per_million(*pricing, "prompt"), completion = per_million(*pricing, "completion");
        if (prompt && completion) out.cost = price{*prompt, *completion};
        break;
    }
    return out;
}

std::string facts_of(const listing& found) {
    json::object_writer out;
    if (found.context > 0) out.integer("context", found.context);
    if (found.cost)
        out.raw("usd_per_million_prompt_tokens", std::to_string(found.cost->prompt))
            .raw("usd_per_million_completion_tokens", std::to_string(found.cost->completion));
    return out.str();
}

} // namespace openrouter::wire
