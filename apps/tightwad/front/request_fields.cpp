// Sampling, stops, limits and our own field: read alike in every API.
#include "front/request_fields.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "front/ids.hpp"

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

} // namespace

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

void read_stop(fields& in, const char* key, std::size_t most, std::vector<std::string>& out) {
    const auto* stop = in.find(key);
    if (!stop) return;
    const auto list = stop->is_string() ? json::array({*stop}) : *stop;
    if (!list.is_array()) {
        in.wrong_type(key, "a string or an array of strings", list);
        return;
    }
    if (list.size() > most) {
        in.refuse(key, "'" + std::string(key) + "' holds " + std::to_string(list.size()) +
                           " strings; at most " + std::to_string(most) + " are taken.");
        return;
    }
    for (const auto& text : list) {
        if (!text.is_string())
            in.wrong_type(key, "a string or an array of strings", text);
        else if (text != "")
            out.push_back(text.get<std::string>());
    }
}

void read_max_tokens(fields& in, const char* key, std::int32_t limit, bool clamp,
                     std::optional<std::int32_t>& out) {
    const auto tokens = in.integer(key, std::numeric_limits<std::int64_t>::min(), int32_max);
    if (!tokens) return;
    if (*tokens < 1)
        in.refuse(key, "'" + std::string(key) + "' must be at least 1, not " +
                           std::to_string(*tokens) + ".");
    else if (*tokens > limit && !clamp)
        in.refuse(key, "'" + std::string(key) + "' is " + std::to_string(*tokens) +
                           "; this server gives at most " + std::to_string(limit) +
                           " tokens (max_tokens_limit).");
    else
        out = static_cast<std::int32_t>(std::min<std::int64_t>(*tokens, limit));
}

void read_chat_logprobs(fields& in, api_request& out) {
    const bool wanted = in.boolean("logprobs").value_or(false);
    const auto most = in.integer("top_logprobs", 0, most_logprobs);
    if (wanted) out.base.top_logprobs = static_cast<std::int32_t>(most.value_or(0));
    else if (most.value_or(0) > 0)
        in.refuse("top_logprobs", "'top_logprobs' is set and 'logprobs' is not true; set both.");
}

void read_extension(fields& in, api_request& out) {
    const auto* own = in.object("tightwad");
    if (!own) return;
    fields inner(*own, "tightwad.");
    out.base.speculate = inner.boolean("speculation").value_or(true);
    out.inline_reasoning = inner.boolean("inline_reasoning").value_or(false);
    for (const auto& [key, value] : own->items())
        if (key != "speculation" && key != "inline_reasoning")
            inner.refuse(key, "'tightwad' knows the fields 'speculation' and 'inline_reasoning' only, not '" +
                                  std::string(cut_utf8(key, 40)) + "'.");
    in.adopt(inner);
}

bool is_set(const json* value) {
    if (!value) return false;
    if (value->is_boolean()) return value->get<bool>();
    if (value->is_string()) return !value->get_ref<const std::string&>().empty();
    return value->is_number() || !value->empty();
}

void refuse_unsupported(fields& in, const char* key, const char* what) {
    in.refuse(key, std::string(what) + " not supported yet; leave '" + key + "' out.",
              tw::code::unsupported);
}

} // namespace tw::front
