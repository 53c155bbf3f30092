// OpenAI's chat and completions: the fields beside the input, and what is refused because it would
// change the answer.
#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "front/answer_form.hpp"
#include "front/input_fields.hpp"
#include "front/readers.hpp"
#include "front/request_fields.hpp"
#include "front/said_fields.hpp"
#include "front/tool_fields.hpp"

namespace tw::front {
namespace {

using nlohmann::json;

/// What would change the answer and cannot be done is said, never dropped.
void refuse_what_is_missing(fields& in, endpoint kind) {
    const auto refuse = [&](const char* key, const char* what) { refuse_unsupported(in, key, what); };
    for (const auto& [old, now] : {std::pair{"functions", "tools"}, std::pair{"function_call", "tool_choice"}})
        if (is_set(in.find(old)))
            in.refuse(old, "'" + std::string(old) + "' is an older form of '" + now + "'; send that.", tw::code::unsupported);
    if (kind == endpoint::completion) {
        const auto* choice = in.find("tool_choice");
        if (is_set(in.find("tools")) && !(choice && *choice == "none")) refuse("tools", "Tools of a completion are");
        return;
    }
    if (is_set(in.find("audio"))) refuse("audio", "Spoken answers are");
}

void read_count(fields& in, api_request& out) {
    const auto count = [&](const char* key, std::int32_t usual) {
        return static_cast<std::int32_t>(in.integer(key, 1, static_cast<std::int64_t>(max_answers)).value_or(usual));
    };
    out.n = count("n", 1);
    out.best_of = out.kind == endpoint::completion ? count("best_of", out.n) : out.n;
    if (out.best_of < out.n)
        in.refuse("best_of", "'best_of' is " + std::to_string(out.best_of) + " and 'n' is " + std::to_string(out.n) +
                                 "; the answers that are given are chosen among 'best_of', so it must be at least 'n'.");
    else if (out.best_of > out.n && out.stream)
        in.refuse("best_of", "'best_of' above 'n' cannot be streamed: the answers are compared when all are whole. Leave "
                             "'stream' out.",
                  tw::code::unsupported);
    if (out.answers() > max_answers)
        in.refuse(out.best_of > out.n ? "best_of" : "n", "The request asks for " + std::to_string(out.answers()) +
                           " answers; at most " + std::to_string(max_answers) +
                           " are given to one request.");
}

/// OpenAI's predicted output: a string, or text parts, that the answer is expected to be.
void read_prediction(fields& in, api_request& out) {
    const auto* prediction = in.object("prediction");
    if (!prediction) return;
    fields inner(*prediction, "prediction.");
    if (const auto type = inner.text("type"); type && *type != "content")
        inner.refuse("type", "'prediction.type' is '" + std::string(cut_utf8(*type, 40)) +
                                 "'; the only kind there is is 'content'.");
    const auto* content = inner.find("content");
    if (content && content->is_array()) {
        for (const auto& part : *content) {
            const bool text = part.is_object() && part.value("type", json()) == "text" &&
                              part.contains("text") && part["text"].is_string();
            if (!text) {
                inner.refuse("content", "'prediction.content' holds a part that is not text.");
                break;
            }
            out.base.prediction += part["text"].get_ref<const std::string&>();
        }
    } else if (content && !content->is_string()) {
        inner.wrong_type("content", "a string or an array of text parts", *content);
    } else if (content) {
        out.base.prediction = content->get<std::string>();
    }
    in.adopt(inner);
}

bool has_ids(const api_request& request) {
    return std::ranges::any_of(request.inputs, [](const auto& input) { return std::holds_alternative<token_ids>(input); });
}

/// Chat says whether and how many; completions only how many.
void read_logprobs(fields& in, api_request& out) {
    if (out.kind == endpoint::completion) {
        const auto* said = in.find("logprobs");
        if (said && *said == false) return; // as a chat client says it
        if (const auto most = in.integer("logprobs", 0, most_logprobs))
            out.base.top_logprobs = static_cast<std::int32_t>(*most);
        return;
    }
    read_chat_logprobs(in, out);
}

void read_suffix(fields& in, api_request& out) {
    out.base.suffix = in.text("suffix").value_or("");
    if (!out.base.suffix.empty() && has_ids(out))
        in.refuse("suffix", "'suffix' needs a prompt in text, not in token ids.");
}

/// The text of token ids, and their log probabilities, are known when the answer ends.
void read_echo(fields& in, api_request& out) {
    out.echo = in.boolean("echo").value_or(false);
    if (!out.echo) return;
    const bool ids = has_ids(out);
    out.base.prompt_logprobs = ids || out.base.top_logprobs.has_value();
    if (out.base.prompt_logprobs && !out.base.suffix.empty())
        in.refuse("echo", "'echo' with 'logprobs' beside 'suffix' is not supported yet; leave one of them out.", tw::code::unsupported);
    if (out.base.prompt_logprobs && out.stream)
        in.refuse("echo", "'echo' with token ids or with 'logprobs' cannot be streamed; leave 'stream' out.",
                  tw::code::unsupported);
}

} // namespace

void read_openai(fields& in, api_request& out, request_limits limits) {
    refuse_what_is_missing(in, out.kind);
    if (out.kind == endpoint::chat)
        out.inputs.emplace_back(read_messages(in));
    else
        out.inputs = read_prompts(in, "prompt", max_answers);
    out.stream = in.boolean("stream").value_or(false);
    if (const auto* options = in.object("stream_options")) {
        fields inner(*options, "stream_options.");
        out.include_usage = inner.boolean("include_usage").value_or(false);
        in.adopt(inner);
    }
    if (out.kind == endpoint::chat) read_tools(in, out);
    read_response_format(in, out);
    read_logprobs(in, out);
    if (out.kind == endpoint::completion) {
        read_suffix(in, out);
        read_echo(in, out);
    }
    read_count(in, out);
    read_sampling(in, out.base.sampling);
    read_stop(in, "stop", 4, out.base.stop);
    for (const char* key : {"max_tokens", "max_completion_tokens"}) // the later one wins
        read_max_tokens(in, key, limits.max_tokens, false, out.base.max_tokens);
    if (!out.base.max_tokens && out.kind == endpoint::completion)
        out.base.max_tokens = 16; // OpenAI's default
    read_prediction(in, out);
    read_extension(in, out);
    out.base.said = said_in(in, true);
}

} // namespace tw::front
