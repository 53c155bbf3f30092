// Text, why it ended, and what it counted.
#include "answer_stream.hpp"

#include <optional>

namespace llamacpp {

using namespace tw::sdk;

void answer_stream::other(const json::value& event, answer& out) {
    const auto member = [&](std::string_view key, json::kind kind) {
        auto found = event.find(key);
        return found && found->kind() == kind ? found : std::nullopt;
    };
    const auto number = [&](std::string_view key) {
        const auto found = member(key, json::kind::number);
        return found ? found->as_integer() : -1;
    };
    if (const auto text = member("content", json::kind::string)) say(text->as_string(), out);
    const auto stop = member("stop", json::kind::boolean);
    if (!stop || !stop->as_boolean()) return;
    const auto why = member("stop_type", json::kind::string);
    if (why && why->as_string() == "limit") out.reason(TW_FINISH_LENGTH);
    out.usage(number("tokens_evaluated"), number("tokens_predicted"));
    finish();
}

} // namespace llamacpp
