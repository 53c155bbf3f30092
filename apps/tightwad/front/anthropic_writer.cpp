// Anthropic's message and the order of its events.
#include "front/anthropic_writer.hpp"

#include <algorithm>

#include "base/strangers_json.hpp"
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
    ordered_json out{{"input_tokens", result.prompt_tokens - result.cached_tokens}};
    if (!result.of_server || result.of_server->cached) {
        out["cache_creation_input_tokens"] = 0;
        out["cache_read_input_tokens"] = result.cached_tokens;
    }
    out["output_tokens"] = result.completion_tokens;
    return out;
}

} // namespace

anthropic_writer::anthropic_writer(const api_request& request, answer_identity who)
    : answer_writer(request, std::move(who)), offered_(request.offered.any), stops_(request.base.stop) {}

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
    into["stop_reason"] = result.reason == finish_reason::length     ? "max_tokens"
                          : result.reason == finish_reason::filtered ? "refusal"
                          : asked                                    ? "stop_sequence"
                          : !choices().front().calls.empty()         ? "tool_use"
                                                                     : "end_turn";
    into["stop_sequence"] = asked ? ordered_json(result.stopped_by) : ordered_json(nullptr);
}

std::string anthropic_writer::opening() {
    auto begun = message();
    begun["usage"] = usage({}); // the prompt is not counted yet; message_delta has the figures
    auto out = named("message_start", {{"message", std::move(begun)}});
    if (!offered_) out += open_block(true, {{"type", "text"}, {"text", ""}});
    return out;
}

std::string anthropic_writer::open_block(bool text, const ordered_json& begun) {
    auto out = close_block();
    open_ = text ? block::text : block::call;
    return out + named("content_block_start", {{"index", index_}, {"content_block", begun}});
}

std::string anthropic_writer::close_block() {
    if (open_ == block::none) return {};
    open_ = block::none;
    return named("content_block_stop", {{"index", index_++}});
}

std::string anthropic_writer::more(ordered_json what) const {
    return named("content_block_delta", {{"index", index_}, {"delta", std::move(what)}});
}

std::string anthropic_writer::piece(const answer_event& event) {
    std::string out;
    if (open_ != block::text) out = open_block(true, {{"type", "text"}, {"text", ""}});
    return out + more({{"type", "text_delta"}, {"text", event.text}});
}

std::string anthropic_writer::call(const answer_event& event) {
    const auto& piece = event.call->more;
    std::string out;
    if (!piece.name.empty()) {
        ordered_json begun{{"type", "tool_use"}, {"id", piece.id}, {"name", piece.name}};
        begun["input"] = ordered_json::object();
        out = open_block(false, begun);
    }
    return out + more({{"type", "input_json_delta"}, {"partial_json", piece.arguments}});
}

std::string anthropic_writer::ended(std::size_t /*index*/) {
    ordered_json delta;
    put_stop(delta);
    return close_block() +
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
    const auto& answer = choices().front();
    if (!answer.text.empty() || answer.calls.empty())
        out["content"].push_back({{"type", "text"}, {"text", answer.text}});
    for (const auto& call : answer.calls) {
        ordered_json use{{"type", "tool_use"}, {"id", call.id}, {"name", call.name}};
        use["input"] = parse_ordered(call.arguments);
        if (!use["input"].is_object()) use["input"] = ordered_json::object(); // cut off
        out["content"].push_back(std::move(use));
    }
    put_stop(out);
    out["usage"] = usage(choices().front().result);
    out["tightwad"] = figures(choices());
    return text_of(out);
}

} // namespace tw::front
