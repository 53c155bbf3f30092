// OpenAI's words for how likely a token was.
#include "front/openai_logprobs.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace tw::front {
namespace {

using nlohmann::ordered_json;

/// JSON has no infinity; OpenAI writes this for a token that could not be.
double shown(double logprob) {
    return std::max(logprob, -9999.0);
}

ordered_json object(const likely_token& token) {
    auto bytes = ordered_json::array();
    for (const auto byte : token.bytes) bytes.push_back(static_cast<unsigned char>(byte));
    return {{"token", to_valid_utf8(token.bytes)},
            {"logprob", shown(token.logprob)},
            {"bytes", std::move(bytes)}};
}

struct lists {
    ordered_json tokens = ordered_json::array(), logprobs = ordered_json::array(),
                 top = ordered_json::array(), offsets = ordered_json::array();
    std::size_t at = 0;

    void add(const token_likelihood& one, bool known) {
        const auto text = to_valid_utf8(one.chosen.bytes);
        tokens.push_back(text);
        offsets.push_back(at);
        at += count_code_points(text);
        logprobs.push_back(known ? ordered_json(shown(one.chosen.logprob)) : ordered_json(nullptr));
        if (!known) return top.push_back(nullptr);
        auto likely = ordered_json::object();
        for (const auto& each : one.top) likely.emplace(to_valid_utf8(each.bytes), shown(each.logprob));
        top.push_back(std::move(likely));
    }
};

} // namespace

ordered_json chat_logprobs(std::span<const token_likelihood> tokens) {
    auto content = ordered_json::array();
    for (const auto& one : tokens) {
        auto entry = object(one.chosen);
        entry["top_logprobs"] = ordered_json::array();
        for (const auto& each : one.top) entry["top_logprobs"].push_back(object(each));
        content.push_back(std::move(entry));
    }
    return {{"content", std::move(content)}, {"refusal", nullptr}};
}

ordered_json completion_logprobs(std::span<const token_likelihood> prompt,
                                 std::span<const token_likelihood> tokens, std::size_t end) {
    std::size_t length = 0;
    for (const auto& some : {prompt, tokens})
        for (const auto& one : some) length += count_code_points(to_valid_utf8(one.chosen.bytes));
    lists out;
    out.at = end - std::min(end, length);
    for (const auto& one : prompt) out.add(one, &one != &prompt.front());
    for (const auto& one : tokens) out.add(one, true);
    return {{"tokens", std::move(out.tokens)},
            {"token_logprobs", std::move(out.logprobs)},
            {"top_logprobs", std::move(out.top)},
            {"text_offset", std::move(out.offsets)}};
}

} // namespace tw::front
