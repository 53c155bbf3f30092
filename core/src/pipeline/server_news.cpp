// A stranger's JSON, member by member.
#include "pipeline/server_news.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/strangers_json.hpp"
#include "base/text.hpp"

namespace tw {
namespace {

using json = nlohmann::ordered_json; // arguments keep their order

constexpr std::size_t most_calls = 128;

error nonsense(std::string_view what, std::string_view bytes) {
    return fail(code::corrupt, "The server sent " + std::string(what) + ": " + to_valid_utf8(cut_utf8(bytes, 100)));
}

const json* member(const json& from, const char* key, json::value_t type) {
    if (!from.is_object()) return nullptr;
    const auto found = from.find(key);
    return found != from.end() && found->type() == type ? &*found : nullptr;
}

std::string text(const json& from, const char* key) {
    const auto* found = member(from, key, json::value_t::string);
    return found ? found->get<std::string>() : std::string();
}

double logprob_of(const json& from) {
    return from.is_number() ? from.get<double>() : -std::numeric_limits<double>::infinity();
}

// The bytes that a token is, which may be a part of a character, or its text.
std::string bytes_of(const json& token) {
    const auto* bytes = member(token, "bytes", json::value_t::array);
    if (bytes == nullptr) return text(token, "token");
    std::string out;
    for (const auto& each : *bytes)
        out += static_cast<char>(each.is_number_unsigned() ? each.get<std::uint64_t>() & 0xFFU : std::uint64_t{'?'});
    return out;
}

// As OpenAI's chats have it. Servers do not say a token's number, but llama-server does.
likely_token one_of(const json& token) {
    const auto* id = member(token, "id", json::value_t::number_unsigned);
    return {id ? id->get<std::int32_t>() : -1, bytes_of(token), logprob_of(token.is_object() ? token.value("logprob", json()) : json())};
}

std::vector<token_likelihood> of_chat(const json& content) {
    std::vector<token_likelihood> out;
    for (const auto& each : content) {
        token_likelihood one{one_of(each), {}};
        if (const auto* top = member(each, "top_logprobs", json::value_t::array))
            for (const auto& other : *top) one.top.push_back(one_of(other));
        out.push_back(std::move(one));
    }
    return out;
}

// As OpenAI's completions have it: lists beside each other.
std::vector<token_likelihood> of_completion(const json& all, const json& tokens) {
    const auto* logprobs = member(all, "token_logprobs", json::value_t::array);
    const auto* tops = member(all, "top_logprobs", json::value_t::array);
    std::vector<token_likelihood> out;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        token_likelihood one;
        one.chosen = {-1, tokens[i].is_string() ? tokens[i].get<std::string>() : std::string(),
                      logprob_of(logprobs && i < logprobs->size() ? (*logprobs)[i] : json())};
        if (tops && i < tops->size() && (*tops)[i].is_object())
            for (const auto& [word, logprob] : (*tops)[i].items()) one.top.push_back({-1, word, logprob_of(logprob)});
        std::ranges::stable_sort(one.top, std::greater{}, &likely_token::logprob);
        out.push_back(std::move(one));
    }
    return out;
}

// Nothing where it makes no sense: a call is begun by its name, in order.
std::optional<tool_call_piece> piece_of(const json& call, std::size_t begun) {
    const auto* function = member(call, "function", json::value_t::object);
    tool_call_piece out{0, {text(call, "id"), function ? text(*function, "name") : "", ""}};
    const auto* index = member(call, "index", json::value_t::number_unsigned);
    if (index) out.index = index->get<std::size_t>();
    else if (out.more.name.empty() && begun == 0) return std::nullopt;
    else out.index = out.more.name.empty() ? begun - 1 : begun;
    if (out.index > begun || out.index >= most_calls || (out.index == begun && out.more.name.empty())) return std::nullopt;
    if (out.index < begun) out.more.name.clear();
    const auto arguments = function ? function->value("arguments", json()) : json();
    if (arguments.is_string()) out.more.arguments = arguments.get<std::string>();
    else if (arguments.is_object()) out.more.arguments = arguments.dump();
    return out;
}

// A number that makes no sense is one that was not said.
void take(const json* from, const char* key, std::optional<std::int64_t>& to) {
    const auto* found = from ? member(*from, key, json::value_t::number_unsigned) : nullptr;
    if (found && found->get<std::uint64_t>() <= INT32_MAX) to = found->get<std::int64_t>();
}

void take(const json& usage, server_usage& to) {
    const auto* prompt = member(usage, "prompt_tokens_details", json::value_t::object);
    const auto* answer = member(usage, "completion_tokens_details", json::value_t::object);
    take(prompt, "cached_tokens", to.cached);
    take(answer, "reasoning_tokens", to.reasoning);
    take(answer, "accepted_prediction_tokens", to.accepted_prediction);
    take(answer, "rejected_prediction_tokens", to.rejected_prediction);
}

// By place, what is for clients that know it.
json extra_of(const json& news) {
    json out;
    if (const auto* usage = member(news, "usage", json::value_t::object)) out["usage"] = *usage;
    if (const auto* extra = member(news, "extra", json::value_t::object))
        for (const auto* place : {"answer", "choice", "delta"})
            if (const auto* said = member(*extra, place, json::value_t::object)) out[place] = *said;
    return out;
}

} // namespace

result<void> server_news::read(std::string_view text, generation_sink& sink) {
    const auto news = parse_ordered(is_valid_utf8(text) ? text : to_valid_utf8(text));
    if (!news.is_object()) {
        if (text.starts_with(R"({"extra":)")) return {}; // what nobody here reads is no reason to end an answer
        return nonsense("what makes no sense beside its answer", text);
    }
    if (const auto thoughts = tw::text(news, "reasoning_content"); !thoughts.empty()) sink.thought(thoughts);
    if (const auto* logprobs = member(news, "logprobs", json::value_t::object)) {
        const auto* content = member(*logprobs, "content", json::value_t::array);
        const auto* tokens = member(*logprobs, "tokens", json::value_t::array);
        auto likely = content ? of_chat(*content) : tokens ? of_completion(*logprobs, *tokens) : std::vector<token_likelihood>();
        if (!likely.empty()) sink.likelihoods(std::move(likely));
    }
    if (const auto* usage = member(news, "usage", json::value_t::object)) take(*usage, usage_);
    if (const auto extra = extra_of(news); !extra.empty()) sink.extra(extra.dump(), extra.contains("delta"));
    if (const auto* calls = member(news, "tool_calls", json::value_t::array))
        for (const auto& each : *calls) {
            auto piece = piece_of(each, calls_);
            if (!piece) return nonsense("a tool call that makes no sense", text);
            calls_ = std::max(calls_, piece->index + 1);
            sink.call(std::move(*piece));
        }
    return {};
}

} // namespace tw
