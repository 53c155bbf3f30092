// Which fields travel.
#include "front/said_fields.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/json_depth.hpp"

namespace tw::front {
namespace {

using nlohmann::json;

constexpr std::size_t most_bytes = 64U << 10U;
constexpr int most_levels = 32;

constexpr std::array<std::string_view, 10> of_choosing{
    "temperature",   "top_p",            "top_k",             "min_p",      "repeat_penalty",
    "repeat_last_n", "presence_penalty", "frequency_penalty", "logit_bias", "seed",
};

/// Said anew for every server, refused, or the operator's: which model answers, and with how many tokens at most.
constexpr std::array<std::string_view, 26> ours{
    "model",       "models",         "messages",      "prompt",          "suffix",
    "echo",        "n",              "best_of",       "stop",            "max_tokens",
    "n_cmpl",      "n_predict",      "stream",        "stream_options",  "logprobs",
    "top_logprobs",
    "tools",       "tool_choice",    "functions",     "function_call",   "parallel_tool_calls",
    "json_schema", "response_format", "grammar",      "prediction",      "tightwad",
};

template <std::size_t N> bool is_one_of(const std::array<std::string_view, N>& all, std::string_view key) {
    return std::ranges::find(all, key) != all.end();
}

bool travels(const json& value) {
    const auto text = value.dump();
    return text.size() <= most_bytes && !json_deeper_than(text, most_levels);
}

} // namespace

std::string said_in(const fields& in, bool others) {
    auto out = json::object();
    for (const auto& [key, value] : in.all().items()) {
        if (value.is_null()) continue;
        if (is_one_of(of_choosing, key)) {
            if (!value.is_object() || !value.empty()) out[key] = value; // a logit_bias of nothing says nothing
        } else if (others && !is_one_of(ours, key) && travels(value)) out[key] = value;
    }
    return out.empty() ? std::string() : out.dump();
}

} // namespace tw::front
