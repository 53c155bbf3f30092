// Text, why it ended, and what it counted.
#include "answer_stream.hpp"

#include <optional>

namespace llamacpp {

using namespace tw::sdk;

void answer_stream::other(const json::value& event, answer& out) {
    const auto number = [&](std::string_view key) {
        const auto found = event.find(key, json::kind::number);
        return found ? found->as_integer() : -1;
    };
    if (const auto text = event.find("content", json::kind::string)) say(text->as_string(), out);
    const auto stop = event.find("stop", json::kind::boolean);
    if (!stop || !stop->as_boolean()) return;
    const auto why = event.find("stop_type", json::kind::string);
    if (why && why->as_string() == "limit") out.reason(TW_FINISH_LENGTH);
    out.usage(number("tokens_evaluated"), number("tokens_predicted"));
    finish();
}

} // namespace llamacpp
