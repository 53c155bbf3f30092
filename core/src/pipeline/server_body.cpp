// Requests to OpenAI's JSON.
#include "pipeline/server_body.hpp"

#include <string>
#include <variant>
#include <vector>

#include "pipeline/messages.hpp"

namespace tw {
namespace {

using nlohmann::ordered_json; // the members of a schema have an order

// The form that is asked for, as a spec of tightwad.grammar/1.
void put_form(ordered_json& body, const std::string& spec) {
    if (spec.empty()) return;
    const auto form = ordered_json::parse(spec);
    if (form.contains("gbnf")) {
        body["grammar"] = form["gbnf"];
        return;
    }
    const auto& schema = form["json_schema"];
    auto& format = body["response_format"];
    format["type"] = schema == ordered_json{{"type", "object"}} ? "json_object" : "json_schema";
    if (format["type"] == "json_schema") format["json_schema"] = {{"name", "answer"}, {"strict", true}, {"schema", schema}};
}

void put_logprobs(ordered_json& body, const generation_request& request) {
    if (!request.top_logprobs) return;
    if (!body.contains("messages")) {
        body["logprobs"] = *request.top_logprobs;
        return;
    }
    body["logprobs"] = true;
    if (*request.top_logprobs > 0) body["top_logprobs"] = *request.top_logprobs;
}

} // namespace

ordered_json to_server_body(const generation_request& request) {
    ordered_json body;
    if (const auto* messages = std::get_if<std::vector<chat_message>>(&request.input)) {
        body = to_json(*messages, request.tools);
        for (std::size_t i = 0; i < messages->size(); ++i)
            if (const auto& speaker = (*messages)[i].speaker; !speaker.empty()) body["messages"][i]["name"] = speaker;
    } else if (const auto* text = std::get_if<std::string>(&request.input)) body["prompt"] = *text;
    else body["prompt"] = std::get<token_ids>(request.input);
    if (!request.suffix.empty()) body["suffix"] = request.suffix;
    if (!request.said.empty()) body.update(ordered_json::parse(request.said));
    if (body.contains("seed")) body["seed"] = request.sampling.seed; // each of `n` answers has one of its own
    if (request.max_tokens) {
        body["max_tokens"] = *request.max_tokens;
        if (body.contains("max_completion_tokens")) body["max_completion_tokens"] = *request.max_tokens;
    }
    if (!request.stop.empty()) body["stop"] = request.stop;
    put_form(body, request.sampling.grammar);
    put_logprobs(body, request);
    return body;
}

} // namespace tw
