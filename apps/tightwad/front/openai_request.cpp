// The fields of a request: sampling, limits, and what is refused because it would change the
// answer.
#include "front/openai_request.hpp"

#include <charconv>
#include <limits>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "front/fields.hpp"
#include "front/ids.hpp"
#include "front/json_body.hpp"
#include "front/openai_input.hpp"

namespace tw::front {
namespace {

using nlohmann::json;

constexpr auto int32_max = std::numeric_limits<std::int32_t>::max();

void read_logit_bias(fields& in, sampling_params& out) {
    const auto* bias = in.object("logit_bias");
    if (!bias) return;
    fields entries(*bias, "logit_bias.");
    for (const auto& [key, value] : bias->items()) {
        std::int32_t id = 0;
        const auto [end, failed] = std::from_chars(key.data(), key.data() + key.size(), id);
        if (failed != std::errc{} || end != key.data() + key.size() || id < 0) {
            in.refuse("logit_bias", "'logit_bias' has the key '" + std::string(cut_utf8(key, 40)) +
                                        "'; its keys are token ids.");
            return;
        }
        if (const auto amount = entries.number(key.c_str(), -100, 100))
            out.logit_bias.emplace_back(id, static_cast<float>(*amount));
    }
    in.adopt(entries);
}

void read_seed(fields& in, sampling_params& out) {
    const auto* seed = in.find("seed");
    if (!seed) {
        out.seed = random_seed();
    } else if (seed->is_number_integer()) {
        out.seed = seed->get<std::uint64_t>(); // a negative one is as good as any
    } else {
        in.wrong_type("seed", "an integer", *seed);
    }
}

void read_sampling(fields& in, sampling_params& out) {
    const auto number = [&](const char* key, float& to, double low, double high) {
        if (const auto value = in.number(key, low, high)) to = static_cast<float>(*value);
    };
    number("temperature", out.temperature, 0, 2);
    number("top_p", out.top_p, 0, 1);
    number("min_p", out.min_p, 0, 1);
    number("repeat_penalty", out.repeat_penalty, 0.01, 100);
    number("presence_penalty", out.presence_penalty, -2, 2);
    number("frequency_penalty", out.frequency_penalty, -2, 2);
    if (const auto k = in.integer("top_k", -1, int32_max))
        out.top_k = *k < 0 ? 0 : static_cast<std::int32_t>(*k);
    if (const auto last = in.integer("repeat_last_n", -1, int32_max))
        out.repeat_last_n = static_cast<std::int32_t>(*last);
    read_logit_bias(in, out);
    read_seed(in, out);
}

void read_stop(fields& in, std::vector<std::string>& out) {
    const auto* stop = in.find("stop");
    if (!stop) return;
    const auto list = stop->is_string() ? json::array({*stop}) : *stop;
    if (!list.is_array()) {
        in.wrong_type("stop", "a string or an array of strings", list);
        return;
    }
    if (list.size() > 4) {
        in.refuse("stop",
                  "'stop' holds " + std::to_string(list.size()) + " strings; at most 4 are taken.");
        return;
    }
    for (const auto& text : list) {
        if (!text.is_string())
            in.wrong_type("stop", "a string or an array of strings", text);
        else if (text != "")
            out.push_back(text.get<std::string>());
    }
}

void read_max_tokens(fields& in, api_request& out, std::int32_t limit) {
    for (const char* key : {"max_tokens", "max_completion_tokens"}) { // the later one wins
        const auto tokens = in.integer(key, std::numeric_limits<std::int64_t>::min(), int32_max);
        if (!tokens) continue;
        if (*tokens < 1)
            in.refuse(key, "'" + std::string(key) + "' must be at least 1, not " +
                               std::to_string(*tokens) + ".");
        else if (*tokens > limit)
            in.refuse(key, "'" + std::string(key) + "' is " + std::to_string(*tokens) +
                               "; this server gives at most " + std::to_string(limit) +
                               " tokens (max_tokens_limit).");
        else
            out.base.max_tokens = static_cast<std::int32_t>(*tokens);
    }
    if (!out.base.max_tokens && out.kind == endpoint::completion)
        out.base.max_tokens = 16; // OpenAI's default
}

bool is_set(const json* value) {
    if (!value) return false;
    if (value->is_boolean()) return value->get<bool>();
    if (value->is_string()) return !value->get_ref<const std::string&>().empty();
    return value->is_number() || !value->empty();
}

/// What would change the answer and cannot be done is said, never dropped.
void refuse_unsupported(fields& in, endpoint kind) {
    const auto refuse = [&](const char* key, const char* what) {
        in.refuse(key, std::string(what) + " not supported yet; leave '" + key + "' out.",
                  tw::code::unsupported);
    };
    const auto* choice = in.find("tool_choice");
    const bool tools_off = choice && *choice == "none";
    if (!tools_off && is_set(in.find("tools"))) refuse("tools", "Tools are");
    if (choice && *choice != "none" && *choice != "auto") refuse("tool_choice", "Tools are");
    if (is_set(in.find("functions"))) refuse("functions", "Functions are");
    if (const auto* format = in.object("response_format");
        format && format->value("type", json()) != "text")
        refuse("response_format", "Response formats other than {\"type\": \"text\"} are");
    const auto* logprobs = in.find("logprobs");
    if (logprobs && *logprobs != false) refuse("logprobs", "Log probabilities are");
    if (is_set(in.find("top_logprobs"))) refuse("top_logprobs", "Log probabilities are");
    if (is_set(in.find("grammar"))) refuse("grammar", "Grammars are");
    if (is_set(in.find("json_schema"))) refuse("json_schema", "JSON schemas are");
    if (kind == endpoint::completion) {
        if (is_set(in.find("suffix"))) refuse("suffix", "Filling in before a suffix is");
        return;
    }
    if (is_set(in.find("audio"))) refuse("audio", "Spoken answers are");
    if (is_set(in.find("chat_template_kwargs")))
        refuse("chat_template_kwargs", "Arguments of the chat template are");
}

void read_count(fields& in, api_request& out) {
    out.n = static_cast<std::int32_t>(
        in.integer("n", 1, static_cast<std::int64_t>(max_answers)).value_or(1));
    const auto best_of = in.integer("best_of", 0, int32_max);
    if (best_of && *best_of != out.n && out.kind == endpoint::completion)
        in.refuse("best_of",
                  "'best_of' is " + std::to_string(*best_of) + " and 'n' is " +
                      std::to_string(out.n) +
                      "; choosing among answers is not supported, so they must be equal.",
                  tw::code::unsupported);
    if (out.answers() > max_answers)
        in.refuse("n", "The request asks for " + std::to_string(out.answers()) +
                           " answers; at most " + std::to_string(max_answers) +
                           " are given to one request.");
}

void read_extension(fields& in, api_request& out) {
    const auto* own = in.object("tightwad");
    if (!own) return;
    fields inner(*own, "tightwad.");
    out.base.speculate = inner.boolean("speculation").value_or(true);
    for (const auto& [key, value] : own->items())
        if (key != "speculation")
            inner.refuse(key, "'tightwad' knows the field 'speculation' only, not '" +
                                  std::string(cut_utf8(key, 40)) + "'.");
    in.adopt(inner);
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

void read_echo(fields& in, api_request& out) {
    out.echo = in.boolean("echo").value_or(false);
    for (const auto& input : out.inputs)
        if (out.echo && std::holds_alternative<token_ids>(input))
            in.refuse("echo", "'echo' is supported for prompts in text, not for token ids.",
                      tw::code::unsupported);
}

} // namespace

generation_request api_request::answer(std::size_t index) const {
    auto out = base;
    const auto per_prompt = static_cast<std::size_t>(n);
    out.input = inputs.at(index / per_prompt);
    out.sampling.seed += index % per_prompt;
    return out;
}

result<api_request> parse_request(endpoint kind, std::string_view body, request_limits limits) {
    json parsed;
    if (auto failure = parse_body(body, parsed)) return *std::move(failure);
    fields in(parsed);
    api_request out{.kind = kind};
    out.model = in.text("model").value_or("");
    refuse_unsupported(in, kind);
    if (kind == endpoint::chat)
        out.inputs.emplace_back(read_messages(in));
    else
        out.inputs = read_prompts(in);
    out.stream = in.boolean("stream").value_or(false);
    if (const auto* options = in.object("stream_options")) {
        fields inner(*options, "stream_options.");
        out.include_usage = inner.boolean("include_usage").value_or(false);
        in.adopt(inner);
    }
    if (kind == endpoint::completion) read_echo(in, out);
    read_count(in, out);
    read_sampling(in, out.base.sampling);
    read_stop(in, out.base.stop);
    read_max_tokens(in, out, limits.max_tokens);
    read_prediction(in, out);
    read_extension(in, out);
    if (in.failure()) return *in.failure();
    return out;
}

} // namespace tw::front
