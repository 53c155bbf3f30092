// OpenAI's answer shapes, and our figures under "tightwad".
#include "front/openai_response.hpp"

#include "base/text.hpp"
#include "front/figures.hpp"
#include "front/json_text.hpp"
#include "front/openai_logprobs.hpp"
#include "pipeline/messages.hpp"

namespace tw::front {
namespace {

using nlohmann::ordered_json;

const char* word(const choice& one) {
    if (one.result.reason == finish_reason::length) return "length";
    if (one.result.reason == finish_reason::filtered) return "content_filter";
    return one.calls.empty() ? "stop" : "tool_calls";
}

ordered_json message(const choice& one) {
    ordered_json out{{"role", "assistant"}, {"content", one.text}, {"refusal", nullptr}};
    if (!one.thoughts.empty()) out["reasoning_content"] = one.thoughts;
    if (!one.calls.empty() && one.text.empty()) out["content"] = nullptr;
    for (const auto& call : one.calls) out["tool_calls"].push_back(to_json(call));
    put_missing(out, one.extra.delta);
    return out;
}

ordered_json envelope(const answer_identity& who, const char* object) {
    return {{"id", who.id},
            {"object", object},
            {"created", who.created},
            {"model", who.model},
            {"system_fingerprint", "tightwad-" TIGHTWAD_VERSION}};
}

/// A server's own fingerprint stands in the place of ours.
void put_extra(ordered_json& into, const server_extra& extra) {
    if (extra.answer.contains("system_fingerprint")) into["system_fingerprint"] = nullptr;
    put_missing(into, extra.answer);
}

/// What is known of an answer's tokens.
server_usage known_of(const generation_result& result) {
    if (result.of_server) return *result.of_server;
    const auto& share = result.stats.sources[static_cast<std::size_t>(draft_source::prediction)];
    return {.counted = true,
            .cached = result.cached_tokens,
            .accepted_prediction = static_cast<std::int64_t>(share.accepted),
            .rejected_prediction = static_cast<std::int64_t>(share.drafted - share.accepted)};
}

void add(std::optional<std::int64_t>& sum, std::optional<std::int64_t> more) {
    if (more) sum = sum.value_or(0) + *more;
}

void put(ordered_json& into, const char* details, const char* key, std::optional<std::int64_t> tokens) {
    if (tokens) into[details][key] = *tokens;
}

/// Null where nobody knows.
ordered_json usage(std::span<const choice> choices, int n) {
    std::int64_t prompt = 0, completion = 0;
    server_usage known;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        const auto& result = choices[i].result;
        const auto more = known_of(result);
        known.counted = known.counted || more.counted;
        completion += result.completion_tokens;
        add(known.reasoning, more.reasoning);
        add(known.accepted_prediction, more.accepted_prediction);
        add(known.rejected_prediction, more.rejected_prediction);
        if (i % static_cast<std::size_t>(n) != 0) continue; // a prompt counts once, not n times
        prompt += result.prompt_tokens;
        add(known.cached, more.cached);
    }
    if (!known.counted) return nullptr;
    ordered_json out{{"prompt_tokens", prompt}, {"completion_tokens", completion}, {"total_tokens", prompt + completion}};
    put(out, "prompt_tokens_details", "cached_tokens", known.cached);
    put(out, "completion_tokens_details", "reasoning_tokens", known.reasoning);
    put(out, "completion_tokens_details", "accepted_prediction_tokens", known.accepted_prediction);
    put(out, "completion_tokens_details", "rejected_prediction_tokens", known.rejected_prediction);
    if (choices.size() == 1) put_missing(out, choices.front().extra.usage); // of several they would have to be summed up
    return out;
}

ordered_json chunk(const answer_identity& who, ordered_json choices) {
    auto out =
        envelope(who, who.kind == endpoint::chat ? "chat.completion.chunk" : "text_completion");
    out["choices"] = std::move(choices);
    if (who.include_usage)
        out["usage"] = nullptr; // every chunk but the last says so (OpenAPI text)
    return out;
}

ordered_json one_choice(const answer_identity& who, std::size_t index, ordered_json delta,
                        std::string_view text, const ordered_json& reason) {
    ordered_json out{{"index", index}};
    if (who.kind == endpoint::chat)
        out["delta"] = std::move(delta);
    else
        out["text"] = text;
    if (who.kind == endpoint::completion) out["logprobs"] = nullptr;
    out["finish_reason"] = reason;
    return ordered_json::array({std::move(out)});
}

ordered_json logprobs(const answer_identity& who, const choice& one) {
    if (!who.logprobs) return nullptr;
    return who.kind == endpoint::chat
               ? chat_logprobs(one.likelihoods)
               : completion_logprobs(one.result.prompt_logprobs, one.likelihoods, count_code_points(one.text));
}

ordered_json finish(const answer_identity& who, std::size_t index, const choice& one) {
    auto last = one_choice(who, index, ordered_json::object(), "", word(one));
    put_missing(last[0], one.extra.choice);
    auto out = chunk(who, std::move(last));
    put_extra(out, one.extra);
    return out;
}

} // namespace

std::string whole_answer(const answer_identity& who, std::span<const choice> choices, std::span<const choice> all, int n) {
    auto out = envelope(who, who.kind == endpoint::chat ? "chat.completion" : "text_completion");
    if (!choices.empty()) put_extra(out, choices.front().extra);
    auto list = ordered_json::array();
    for (std::size_t i = 0; i < choices.size(); ++i) {
        ordered_json entry{{"index", i}};
        if (who.kind == endpoint::chat)
            entry["message"] = message(choices[i]);
        else
            entry["text"] = choices[i].text;
        entry["logprobs"] = logprobs(who, choices[i]);
        entry["finish_reason"] = word(choices[i]);
        put_missing(entry, choices[i].extra.choice);
        list.push_back(std::move(entry));
    }
    out["choices"] = std::move(list);
    if (auto counted = usage(all, n); !counted.is_null()) out["usage"] = std::move(counted);
    out["tightwad"] = figures(all);
    if (choices.size() < all.size()) out["tightwad"]["seed"] = choices.front().result.seed;
    return text_of(out);
}

std::string first_chunk(const answer_identity& who, std::size_t index, std::string_view echo) {
    return text_of(chunk(
        who, one_choice(who, index, {{"role", "assistant"}, {"content", ""}}, echo, nullptr)));
}

text_frame frame_of(const answer_identity& who, std::size_t index) {
    const auto empty = text_of(chunk(who, one_choice(who, index, {{"content", ""}}, "", nullptr)));
    const std::string_view last = who.kind == endpoint::chat ? R"("content":"")" : R"("text":"")";
    const auto quote = empty.rfind(last) + last.size() - 1; // no name holds a bare quote
    return {empty.substr(0, quote), empty.substr(quote)};
}

std::string text_chunk(const text_frame& frame, std::string_view text) {
    const auto quoted = text_of(ordered_json(text));
    return std::string(frame.before).append(quoted, 1, quoted.size() - 2).append(frame.after);
}

std::string likelihood_chunk(const answer_identity& who, const answer_event& piece, std::size_t end) {
    auto choice = one_choice(who, piece.index, {{"content", piece.text}}, piece.text, nullptr);
    choice[0]["logprobs"] = who.kind == endpoint::chat ? chat_logprobs(piece.likelihoods)
                                                       : completion_logprobs({}, piece.likelihoods, end);
    return text_of(chunk(who, std::move(choice)));
}

std::string thought_chunk(const answer_identity& who, const answer_event& piece) {
    return text_of(chunk(who, one_choice(who, piece.index, {{"reasoning_content", piece.thought}}, "", nullptr)));
}

std::string call_chunk(const answer_identity& who, std::size_t index, const tool_call_piece& piece) {
    ordered_json call{{"index", piece.index}};
    const bool first = !piece.more.name.empty();
    if (first) {
        call["id"] = piece.more.id;
        call["type"] = "function";
        call["function"]["name"] = piece.more.name;
    }
    call["function"]["arguments"] = piece.more.arguments;
    ordered_json delta;
    delta["tool_calls"] = ordered_json::array({std::move(call)});
    return text_of(chunk(who, one_choice(who, index, std::move(delta), "", nullptr)));
}

std::string extra_chunk(const answer_identity& who, std::size_t index, const server_extra& news) {
    if (news.answer.empty() && news.choice.empty() && news.delta.empty()) return {};
    auto delta = news.delta.is_object() ? news.delta : ordered_json::object();
    auto only = one_choice(who, index, std::move(delta), "", nullptr);
    put_missing(only[0], news.choice);
    auto out = chunk(who, std::move(only));
    put_extra(out, news);
    return text_of(out);
}

std::string finish_chunk(const answer_identity& who, std::size_t index, const choice& one) {
    return text_of(finish(who, index, one));
}

std::string last_chunk(const answer_identity& who, std::size_t index, std::span<const choice> all) {
    auto out = finish(who, index, all[index]);
    out["tightwad"] = figures(all);
    return text_of(out);
}

std::string usage_chunk(const answer_identity& who, std::span<const choice> all, int n) {
    auto counted = usage(all, n);
    if (counted.is_null()) return {};
    auto out = chunk(who, ordered_json::array());
    put_extra(out, all.front().extra);
    out["usage"] = std::move(counted);
    return text_of(out);
}

} // namespace tw::front
