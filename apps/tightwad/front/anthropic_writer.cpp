// Anthropic's message and the order of its events.
#include "front/anthropic_writer.hpp"

#include <algorithm>

#include "front/errors.hpp"
#include "front/figures.hpp"
#include "front/json_text.hpp"
#include "front/sse.hpp"

namespace tw::front {
namespace {

using nlohmann::ordered_json;

std::string named(const char* name, ordered_json fields = ordered_json::object()) {
    ordered_json out{{"type", name}};
    out.update(fields);
    return sse_event(name, text_of(out));
}

/// Anthropic counts what came from the cache apart from `input_tokens`.
ordered_json usage(const generation_result& result) {
    return {{"input_tokens", result.prompt_tokens - result.cached_tokens},
            {"cache_creation_input_tokens", 0},
            {"cache_read_input_tokens", result.cached_tokens},
            {"output_tokens", result.completion_tokens}};
}

} // namespace

anthropic_writer::anthropic_writer(const api_request& request, answer_identity who)
    : answer_writer(request, std::move(who)), stops_(request.base.stop) {}

std::string_view anthropic_writer::ping() const {
    return "event: ping\ndata: {\"type\":\"ping\"}\n\n";
}

ordered_json anthropic_writer::message() const {
    return {{"id", who().id},         {"type", "message"},      {"role", "assistant"},
            {"model", who().model},   {"content", ordered_json::array()},
            {"stop_reason", nullptr}, {"stop_sequence", nullptr}};
}

void anthropic_writer::put_stop(ordered_json& into) const {
    const auto& result = choices().front().result;
    const bool asked = std::ranges::find(stops_, result.stopped_by) != stops_.end();
    into["stop_reason"] = result.reason == finish_reason::length ? "max_tokens"
                          : asked                                ? "stop_sequence"
                                                                 : "end_turn";
    into["stop_sequence"] = asked ? ordered_json(result.stopped_by) : ordered_json(nullptr);
}

std::string anthropic_writer::opening() {
    auto begun = message();
    begun["usage"] = usage({}); // the prompt is not counted yet; message_delta has the figures
    return named("message_start", {{"message", std::move(begun)}}) +
           named("content_block_start",
                 {{"index", 0}, {"content_block", {{"type", "text"}, {"text", ""}}}});
}

std::string anthropic_writer::piece(const answer_event& event) {
    return named("content_block_delta",
                 {{"index", 0}, {"delta", {{"type", "text_delta"}, {"text", event.text}}}});
}

std::string anthropic_writer::ended(std::size_t /*index*/) {
    ordered_json delta;
    put_stop(delta);
    return named("content_block_stop", {{"index", 0}}) +
           named("message_delta", {{"delta", std::move(delta)},
                                   {"usage", usage(choices().front().result)},
                                   {"tightwad", figures(choices())}});
}

std::string anthropic_writer::closing() {
    if (failure()) return sse_event("error", error_body(dialect::anthropic, problem_of(*failure())));
    return named("message_stop");
}

std::string anthropic_writer::whole() {
    auto out = message();
    out["content"].push_back({{"type", "text"}, {"text", choices().front().text}});
    put_stop(out);
    out["usage"] = usage(choices().front().result);
    out["tightwad"] = figures(choices());
    return text_of(out);
}

} // namespace tw::front
