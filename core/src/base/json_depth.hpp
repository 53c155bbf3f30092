// How deep a JSON text nests, known before it is parsed.
#pragma once

#include <string_view>

namespace tw {

// Of a request and of what other programs send: no OpenAI request comes near it, and copying or printing a JSON value takes
// stack for every level.
inline constexpr int max_json_depth = 64;

// Whether more than `levels` brackets are open at once anywhere; brackets inside strings do not count. The text
// need not be JSON.
[[nodiscard]] constexpr bool json_deeper_than(std::string_view text, int levels) {
    int open = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string && c == '\\') ++i;
        else if (c == '"') in_string = !in_string;
        else if (!in_string && (c == '[' || c == '{') && ++open > levels) return true;
        else if (!in_string && (c == ']' || c == '}')) --open;
    }
    return false;
}

} // namespace tw
