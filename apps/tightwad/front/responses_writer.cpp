// The response object and its events, numbered from 0.
#include "front/responses_writer.hpp"

#include <cmath>

#include "front/errors.hpp"
#include "front/figures.hpp"
#include "front/ids.hpp"
#include "front/json_text.hpp"
#include "front/sse.hpp"

namespace tw::front {
namespace {

using nlohmann::ordered_json;

ordered_json text_part(std::string_view text) {
    return {{"type", "output_text"}, {"text", text}, {"annotations", ordered_json::array()}};
}

/// Its clients need both details; what nobody knows is 0.
ordered_json usage(const generation_result& result) {
    const auto thought = result.of_server ? result.of_server->reasoning : std::nullopt;
    return {{"input_tokens", result.prompt_tokens},
            {"input_tokens_details", {{"cached_tokens", result.cached_tokens}}},
            {"output_tokens", result.completion_tokens},
            {"output_tokens_details", {{"reasoning_tokens", thought.value_or(0)}}},
            {"total_tokens", result.prompt_tokens + result.completion_tokens}};
}

/// Null for an answer that is whole.
const char* why_incomplete(const generation_result& result) {
    if (result.reason == finish_reason::length) return "max_output_tokens";
    return result.reason == finish_reason::filtered ? "content_filter" : nullptr;
}

double shown(float value) {
    return std::round(double(value) * 1e4) / 1e4;
}

} // namespace

responses_writer::responses_writer(const api_request& request, answer_identity who)
    : answer_writer(request, std::move(who)), instructions_(request.instructions), format_(request.form.text),
      offered_(request.offered), parallel_(request.base.tools.parallel),
      temperature_(shown(request.base.sampling.temperature)), top_p_(shown(request.base.sampling.top_p)),
      max_tokens_(request.base.max_tokens) {}

const char* responses_writer::status() const {
    return why_incomplete(choices().front().result) ? "incomplete" : "completed";
}

responses_writer::item responses_writer::message(std::string text) const {
    return {"msg_" + who().id.substr(who().id.find('_') + 1) + (items_.empty() ? "" : "_" + std::to_string(items_.size())),
            std::move(text)};
}

ordered_json responses_writer::json_of(const item& one, const char* status) const {
    if (!one.call) {
        ordered_json out{{"type", "message"}, {"id", one.id}, {"status", status}, {"role", "assistant"}};
        out["content"] = ordered_json::array({text_part(one.text)});
        return out;
    }
    const auto& call = choices().front().calls.at(*one.call);
    return {{"type", "function_call"}, {"id", one.id}, {"call_id", call.id}, {"name", call.name},
            {"arguments", call.arguments}, {"status", status}};
}

ordered_json responses_writer::response(const char* status) const {
    ordered_json out{{"id", who().id},
                     {"object", "response"},
                     {"created_at", who().created},
                     {"status", status},
                     {"error", nullptr},
                     {"incomplete_details", nullptr}};
    out["instructions"] = instructions_.empty() ? ordered_json(nullptr) : ordered_json(instructions_);
    out["max_output_tokens"] = max_tokens_ ? ordered_json(*max_tokens_) : ordered_json(nullptr);
    out["model"] = who().model;
    out["output"] = ordered_json::array();
    out["parallel_tool_calls"] = parallel_;
    out["previous_response_id"] = nullptr;
    out["reasoning"] = {{"effort", nullptr}, {"summary", nullptr}};
    out["store"] = false;
    out["temperature"] = temperature_;
    out["text"]["format"] =
        format_.empty() ? ordered_json{{"type", "text"}} : ordered_json::parse(format_);
    out["tool_choice"] = offered_.choice.empty() ? ordered_json("auto") : ordered_json::parse(offered_.choice);
    out["tools"] = offered_.tools.empty() ? ordered_json::array() : ordered_json::parse(offered_.tools);
    out["top_p"] = top_p_;
    out["truncation"] = "disabled";
    out["usage"] = nullptr;
    out["metadata"] = ordered_json::object();
    return out;
}

std::string responses_writer::named(const char* name, ordered_json fields) {
    ordered_json out{{"type", name}, {"sequence_number", events_++}};
    out.update(fields);
    return sse_event(name, text_of(out));
}

/// An event about the last item.
std::string responses_writer::at_item(const char* name, ordered_json fields, bool in_message) {
    ordered_json out{{"item_id", items_.back().id}, {"output_index", items_.size() - 1}};
    if (in_message) out["content_index"] = 0;
    out.update(fields);
    return named(name, std::move(out));
}

std::string responses_writer::opening() {
    auto out = named("response.created", {{"response", response("in_progress")}});
    out += named("response.in_progress", {{"response", response("in_progress")}});
    return offered_.any ? out : out + open(message()); // with tools an answer may have no text
}

std::string responses_writer::open(item begun) {
    auto out = close();
    auto empty = json_of(begun, "in_progress");
    empty[begun.call ? "arguments" : "content"] = begun.call ? ordered_json("") : ordered_json::array();
    const bool text = !begun.call;
    items_.push_back(std::move(begun));
    open_ = true;
    out += named("response.output_item.added", {{"output_index", items_.size() - 1}, {"item", std::move(empty)}});
    return text ? out + at_item("response.content_part.added", {{"part", text_part("")}}, true) : out;
}

std::string responses_writer::close() {
    if (!open_) return {};
    open_ = false;
    const auto& last = items_.back();
    std::string out;
    if (last.call) {
        const auto& call = choices().front().calls.at(*last.call);
        out = at_item("response.function_call_arguments.done", {{"name", call.name}, {"arguments", call.arguments}}, false);
    } else {
        out = at_item("response.output_text.done", {{"text", last.text}, {"logprobs", ordered_json::array()}}, true);
        out += at_item("response.content_part.done", {{"part", text_part(last.text)}}, true);
    }
    return out + named("response.output_item.done",
                       {{"output_index", items_.size() - 1}, {"item", json_of(last, status())}});
}

std::string responses_writer::piece(const answer_event& event) {
    std::string out;
    if (!open_ || items_.back().call) out = open(message());
    items_.back().text += event.text;
    return out + at_item("response.output_text.delta", {{"delta", event.text}, {"logprobs", ordered_json::array()}}, true);
}

std::string responses_writer::call(const answer_event& event) {
    const auto& [index, more] = *event.call;
    std::string out;
    if (!more.name.empty()) out = open({.id = random_id("fc_"), .call = index});
    if (more.arguments.empty()) return out;
    return out + at_item("response.function_call_arguments.delta", {{"delta", more.arguments}}, false);
}

std::string responses_writer::ended(std::size_t /*index*/) {
    const auto begun = items_.empty() ? open(message()) : std::string();
    return begun + close();
}

std::string responses_writer::closing() {
    if (!failure()) {
        return named(why_incomplete(choices().front().result) ? "response.incomplete" : "response.completed",
                     {{"response", finished()}});
    }
    const auto what = problem_of(*failure());
    return named("error", {{"code", what.word}, {"message", what.message}, {"param", nullptr}});
}

std::vector<responses_writer::item> responses_writer::answered() const {
    if (!items_.empty()) return items_;
    const auto& answer = choices().front();
    std::vector<item> out;
    if (!answer.text.empty() || answer.calls.empty()) out.push_back(message(answer.text));
    for (std::size_t i = 0; i < answer.calls.size(); ++i) out.push_back({.id = random_id("fc_"), .call = i});
    return out;
}

ordered_json responses_writer::finished() const {
    auto out = response(status());
    const auto& result = choices().front().result;
    if (const auto* why = why_incomplete(result)) out["incomplete_details"]["reason"] = why;
    const auto items = answered();
    for (const auto& one : items)
        out["output"].push_back(json_of(one, &one == &items.back() ? status() : "completed"));
    out["usage"] = usage(result);
    out["tightwad"] = figures(choices());
    return out;
}

std::string responses_writer::whole() {
    return text_of(finished());
}

} // namespace tw::front
