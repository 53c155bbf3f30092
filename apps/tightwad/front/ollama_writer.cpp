// Ollama's objects; times in nanoseconds.
#include "front/ollama_writer.hpp"

#include <algorithm>
#include <cmath>

#include "base/strangers_json.hpp"
#include "front/errors.hpp"
#include "front/figures.hpp"
#include "front/json_text.hpp"
#include "front/ollama_pages.hpp"
#include "front/openai_logprobs.hpp"

namespace tw::front {
namespace {

using nlohmann::ordered_json;

std::int64_t ns(double seconds) {
    return std::llround(std::max(seconds, 0.0) * 1e9);
}

} // namespace

ordered_json ollama_writer::object(std::string_view text) const {
    ordered_json out{{"model", who().model}, {"created_at", ollama_time(who().created)}};
    if (who().kind == endpoint::ollama_chat)
        out["message"] = {{"role", "assistant"}, {"content", text}};
    else
        out["response"] = text;
    out["done"] = false;
    return out;
}

ordered_json ollama_writer::last(std::string_view text) const {
    auto out = object(text);
    out["done"] = true;
    if (choices().empty()) { // it was only asked whether the model is there
        out["done_reason"] = "load";
        return out;
    }
    const auto& result = choices().front().result;
    const auto& stats = result.stats;
    out["done_reason"] = result.reason == finish_reason::length ? "length" : "stop";
    out["total_duration"] = ns(stats.total_s);
    out["load_duration"] = 0;
    const bool counted = !result.of_server || result.of_server->counted;
    if (counted) out["prompt_eval_count"] = result.prompt_tokens;
    out["prompt_eval_duration"] = ns(stats.prefill_s);
    if (counted) out["eval_count"] = result.completion_tokens;
    out["eval_duration"] = ns(stats.total_s - stats.queue_s - stats.prefill_s);
    out["tightwad"] = figures(choices());
    return out;
}

void ollama_writer::put_thoughts(ordered_json& into, const std::string& thoughts) const {
    if (!thoughts.empty()) (who().kind == endpoint::ollama_chat ? into["message"] : into)["thinking"] = thoughts;
}

/// Ollama has whole calls only, with their arguments as an object.
void ollama_writer::put_calls(ordered_json& into) const {
    for (const auto& call : choices().front().calls) {
        ordered_json function{{"name", call.name}};
        function["arguments"] = parse_ordered(call.arguments);
        if (!function["arguments"].is_object()) function["arguments"] = ordered_json::object(); // cut off
        into["message"]["tool_calls"].push_back({{"function", std::move(function)}});
    }
}

void ollama_writer::put_logprobs(ordered_json& into, std::span<const token_likelihood> tokens) const {
    if (who().logprobs) into["logprobs"] = std::move(chat_logprobs(tokens)["content"]);
}

std::string ollama_writer::piece(const answer_event& event) {
    auto out = object(event.text);
    put_logprobs(out, event.likelihoods);
    return text_of(out) + '\n';
}

std::string ollama_writer::thought(const answer_event& event) {
    auto out = object("");
    put_thoughts(out, event.thought);
    return text_of(out) + '\n';
}

std::string ollama_writer::ended(std::size_t /*index*/) {
    if (choices().front().calls.empty()) return {};
    auto out = object("");
    put_calls(out);
    return text_of(out) + '\n';
}

std::string ollama_writer::closing() {
    return (failure() ? error_body(dialect::ollama, problem_of(*failure())) : text_of(last(""))) + '\n';
}

std::string ollama_writer::whole() {
    if (choices().empty()) return text_of(last(""));
    auto out = last(choices().front().text);
    put_thoughts(out, choices().front().thoughts);
    put_calls(out);
    put_logprobs(out, choices().front().likelihoods);
    return text_of(out);
}

} // namespace tw::front
