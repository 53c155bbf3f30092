// The response object and its events, numbered from 0.
#include "front/responses_writer.hpp"

#include <cmath>

#include "front/errors.hpp"
#include "front/figures.hpp"
#include "front/json_text.hpp"
#include "front/sse.hpp"

namespace tw::front {
namespace {

using nlohmann::ordered_json;

ordered_json text_part(std::string_view text) {
    return {{"type", "output_text"}, {"text", text}, {"annotations", ordered_json::array()}};
}

ordered_json usage(const generation_result& result) {
    return {{"input_tokens", result.prompt_tokens},
            {"input_tokens_details", {{"cached_tokens", result.cached_tokens}}},
            {"output_tokens", result.completion_tokens},
            {"output_tokens_details", {{"reasoning_tokens", 0}}},
            {"total_tokens", result.prompt_tokens + result.completion_tokens}};
}

double shown(float value) {
    return std::round(double(value) * 1e4) / 1e4;
}

} // namespace

responses_writer::responses_writer(const api_request& request, answer_identity who)
    : answer_writer(request, std::move(who)),
      item_id_("msg_" + this->who().id.substr(this->who().id.find('_') + 1)),
      instructions_(request.instructions), format_(request.form.text), temperature_(shown(request.base.sampling.temperature)),
      top_p_(shown(request.base.sampling.top_p)), max_tokens_(request.base.max_tokens) {}

const char* responses_writer::status() const {
    return choices().front().result.reason == finish_reason::length ? "incomplete" : "completed";
}

ordered_json responses_writer::item(const char* status) const {
    return {{"type", "message"}, {"id", item_id_}, {"status", status}, {"role", "assistant"},
            {"content", ordered_json::array()}};
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
    out["parallel_tool_calls"] = true;
    out["previous_response_id"] = nullptr;
    out["reasoning"] = {{"effort", nullptr}, {"summary", nullptr}};
    out["store"] = false;
    out["temperature"] = temperature_;
    out["text"]["format"] =
        format_.empty() ? ordered_json{{"type", "text"}} : ordered_json::parse(format_);
    out["tool_choice"] = "auto";
    out["tools"] = ordered_json::array();
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

std::string responses_writer::opening() {
    auto out = named("response.created", {{"response", response("in_progress")}});
    out += named("response.in_progress", {{"response", response("in_progress")}});
    out += named("response.output_item.added", {{"output_index", 0}, {"item", item("in_progress")}});
    return out + named("response.content_part.added", {{"item_id", item_id_},
                                                       {"output_index", 0},
                                                       {"content_index", 0},
                                                       {"part", text_part("")}});
}

std::string responses_writer::piece(const answer_event& event) {
    return named("response.output_text.delta", {{"item_id", item_id_},
                                                {"output_index", 0},
                                                {"content_index", 0},
                                                {"delta", event.text},
                                                {"logprobs", ordered_json::array()}});
}

std::string responses_writer::ended(std::size_t /*index*/) {
    const auto& text = choices().front().text;
    const ordered_json at{{"item_id", item_id_}, {"output_index", 0}, {"content_index", 0}};
    auto said = at, part = at;
    said["text"] = text;
    said["logprobs"] = ordered_json::array();
    part["part"] = text_part(text);
    auto out = named("response.output_text.done", std::move(said));
    out += named("response.content_part.done", std::move(part));
    auto whole = item(status());
    whole["content"].push_back(text_part(text));
    return out + named("response.output_item.done", {{"output_index", 0}, {"item", std::move(whole)}});
}

std::string responses_writer::closing() {
    if (!failure()) {
        const bool complete = choices().front().result.reason != finish_reason::length;
        return named(complete ? "response.completed" : "response.incomplete",
                     {{"response", finished()}});
    }
    const auto what = problem_of(*failure());
    return named("error", {{"code", what.word}, {"message", what.message}, {"param", nullptr}});
}

ordered_json responses_writer::finished() const {
    auto out = response(status());
    const auto& result = choices().front().result;
    if (result.reason == finish_reason::length)
        out["incomplete_details"]["reason"] = "max_output_tokens";
    auto said = item(status());
    said["content"].push_back(text_part(choices().front().text));
    out["output"].push_back(std::move(said));
    out["usage"] = usage(result);
    out["tightwad"] = figures(choices());
    return out;
}

std::string responses_writer::whole() {
    return text_of(finished());
}

} // namespace tw::front
