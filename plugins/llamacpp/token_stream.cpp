// {"tokens": [id], "tokens_predicted": n, "completion_probabilities": [{"logprob", "top_logprobs": [{"logprob"}, …]}]} …
#include "token_stream.hpp"

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <tightwad/sdk/json.hpp>
#include <tightwad/sdk/server_errors.hpp>

namespace llamacpp {
namespace {

using tw::sdk::failure;
using tw::sdk::json::kind;
using tw::sdk::json::value;

// Below 0 where it is not told.
float margin_in(const value& event) {
    const auto list = event.find("completion_probabilities", kind::array);
    const auto each = list ? list->elements() : std::vector<value>();
    return each.empty() ? -1 : tw::sdk::margin_of(each.front());
}

} // namespace

void token_stream::feed(std::string_view bytes, const tw::sdk::token_answer& out) {
    events_.feed(bytes, [&](std::string_view data) {
        if (finished_ || cut_ || data == "[DONE]") return;
        try {
            event(data, out);
        } catch (const failure& e) {
            if (e.code() != TW_INVALID_ARGUMENT) throw;
            throw failure{TW_CORRUPT, "The server sent an event that makes no sense: " + std::string(data.substr(0, 100))};
        }
    });
}

void token_stream::event(std::string_view data, const tw::sdk::token_answer& out) {
    const auto told = value::parse(data);
    if (told.find("error")) throw tw::sdk::refusal_of("The llama-server, while it drafted,", 500, data);
    if (const auto stop = told.find("stop", kind::boolean); stop && stop->as_boolean()) {
        finished_ = true;
        return;
    }
    const auto list = told.find("tokens", kind::array);
    if (!list)
        throw failure{TW_UNSUPPORTED, "The server does not tell the ids of its tokens (POST /completion, return_tokens), so it "
                                      "cannot draft; a llama-server of 2025 or later does."};
    const auto ids = list->elements();
    if (ids.empty()) return;
    tokens_ += static_cast<std::int64_t>(ids.size());
    const auto counted = told.find("tokens_predicted", kind::number);
    if (counted && counted->as_integer() != tokens_) {
        cut_ = true;
        return;
    }
    const auto margin = margin_in(told);
    for (const auto& each : ids) {
        const auto id = each.as_integer();
        if (id < 0 || id > std::numeric_limits<std::int32_t>::max())
            throw failure{TW_CORRUPT, "The server named the token " + std::to_string(id) + "."};
        out.emit(static_cast<std::int32_t>(id), margin);
    }
}

void token_stream::end() const {
    if (finished_ || cut_) return;
    throw failure{TW_UNAVAILABLE, "The server broke off while it drafted."};
}

} // namespace llamacpp
