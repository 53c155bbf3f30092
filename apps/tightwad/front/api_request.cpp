// Parses a body and hands it to the reader of its API.
#include "front/api_request.hpp"

#include <nlohmann/json.hpp>

#include "base/json_depth.hpp"
#include "front/answer_form.hpp"
#include "front/json_body.hpp"
#include "front/readers.hpp"
#include "front/tool_fields.hpp"

namespace tw::front {

generation_request api_request::answer(std::size_t index) const {
    auto out = base;
    const auto per_prompt = static_cast<std::size_t>(best_of);
    out.input = inputs.at(index / per_prompt);
    out.sampling.seed += index % per_prompt;
    out.compared = best_of > n;
    if (out.compared && !out.top_logprobs) out.top_logprobs = 0; // the client did not ask, but the comparison does
    return out;
}

result<api_request> parse_request(endpoint kind, std::string_view body, request_limits limits) {
    nlohmann::json parsed;
    if (auto failure = parse_body(body, parsed)) return *std::move(failure);
    fields in(parsed);
    api_request out{.kind = kind};
    out.model = in.text("model").value_or("");
    switch (kind) {
    case endpoint::chat:
    case endpoint::completion:
        read_openai(in, out, limits);
        break;
    case endpoint::responses:
        read_responses(in, out, limits);
        break;
    case endpoint::messages:
        read_anthropic(in, out, limits);
        break;
    case endpoint::ollama_chat:
    case endpoint::ollama_generate:
        read_ollama(in, out, limits);
        break;
    }
    if (in.failure()) return *in.failure();
    if ((out.offered.any || out.form.kind != answer_form::what::free) && json_wider_than(body, max_ordered_members))
        return error{.code = code::invalid_argument,
                     .message = "The request body has an object of more than " + std::to_string(max_ordered_members) +
                                " members, which is too many beside tools or a form of the answer."};
    resolve_form(body, out);
    resolve_tools(body, out);
    return out;
}

} // namespace tw::front
