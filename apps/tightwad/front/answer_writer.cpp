// What the writers of all APIs have in common, and which one a request gets.
#include "front/answer_writer.hpp"

#include <chrono>
#include <utility>

#include "front/anthropic_writer.hpp"
#include "front/ids.hpp"
#include "front/ollama_writer.hpp"
#include "front/openai_writer.hpp"
#include "front/responses_writer.hpp"
#include "front/sse.hpp"

namespace tw::front {

answer_identity new_identity(const api_request& request, std::string model) {
    const auto prefix = [&] {
        switch (request.kind) {
        case endpoint::chat:
            return "chatcmpl-";
        case endpoint::completion:
            return "cmpl-";
        case endpoint::responses:
            return "resp_";
        default:
            return "msg_";
        }
    };
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return {.kind = request.kind,
            .id = random_id(prefix()),
            .model = std::move(model),
            .created = std::chrono::duration_cast<std::chrono::seconds>(now).count(),
            .include_usage = request.include_usage,
            .logprobs = request.base.top_logprobs.has_value()};
}

std::string answer_writer::add(answer_event event) {
    if (!inline_reasoning_ || !event.extra.empty()) return take(std::move(event));
    const bool thinks = !event.thought.empty(), thought_before = thinking_.at(event.index);
    thinking_[event.index] = thinks;
    if (thinks) event.text = (thought_before ? "" : "<think>") + std::exchange(event.thought, {});
    auto closed = thought_before && !thinks ? take({.index = event.index, .text = "</think>\n\n"}) : std::string();
    return closed + take(std::move(event));
}

std::string answer_writer::take(answer_event event) {
    auto& choice = choices_.at(event.index);
    if (event.call) return add_call(std::move(event));
    if (!event.extra.empty()) return extra(event);
    if (!event.thought.empty()) {
        if (stream_) return thought(event);
        choice.thoughts += event.thought;
        return {};
    }
    if (!event.end) {
        if (stream_) return piece(event);
        choice.text += event.text;
        choice.likelihoods.insert(choice.likelihoods.end(), event.likelihoods.begin(), event.likelihoods.end());
        return {};
    }
    choice.result = *std::move(event.end);
    ++ended_;
    if (choice.result.reason == finish_reason::failed)
        failure_ = choice.result.failure.value_or(
            fail(code::internal, "The answer failed without a message."));
    else if (choice.result.reason == finish_reason::cancelled)
        failure_ =
            fail(code::cancelled, "The answer was cancelled before it was complete; ask again.");
    return failure_ || !stream_ ? std::string() : ended(event.index);
}

std::string answer_writer::add_call(answer_event event) {
    auto& calls = choices_.at(event.index).calls;
    auto& [index, more] = *event.call;
    if (index == calls.size()) {
        if (more.id.empty()) more.id = random_id(who_.kind == endpoint::messages ? "toolu_" : "call_");
        calls.push_back({more.id, more.name, ""});
    }
    calls.at(index).arguments += more.arguments;
    return stream_ ? call(event) : std::string();
}

void answer_writer::keep(std::size_t index, server_extra news) { choices_.at(index).extra.add(std::move(news)); }

std::string_view answer_writer::ping() const {
    return sse_ping;
}

std::unique_ptr<answer_writer> make_writer(const api_request& request, answer_identity who) {
    switch (request.kind) {
    case endpoint::responses:
        return std::make_unique<responses_writer>(request, std::move(who));
    case endpoint::messages:
        return std::make_unique<anthropic_writer>(request, std::move(who));
    case endpoint::ollama_chat:
    case endpoint::ollama_generate:
        return std::make_unique<ollama_writer>(request, std::move(who));
    default:
        return std::make_unique<openai_writer>(request, std::move(who));
    }
}

} // namespace tw::front
