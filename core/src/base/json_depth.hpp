// How deep a JSON text nests and how wide its objects are, known before it is parsed.
#pragma once

#include <array>
#include <cstddef>
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

// Of one object that is parsed with its order, which takes time by the square of them.
inline constexpr std::size_t max_ordered_members = 1024;

// Whether any object has more than `most` members, or the text nests deeper than max_json_depth. The text need not be JSON.
[[nodiscard]] constexpr bool json_wider_than(std::string_view text, std::size_t most) {
    struct place {
        bool object = false;
        std::size_t members = 0; // but for the last
    };
    std::array<place, max_json_depth + 1> around{};
    std::size_t open = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string && c == '\\') ++i;
        else if (c == '"') in_string = !in_string;
        else if (in_string) continue;
        else if (c == '[' || c == '{') {
            if (++open == around.size()) return true;
            around[open] = {c == '{', 0};
        } else if ((c == ']' || c == '}') && open > 0) --open;
        else if (c == ',' && around[open].object && ++around[open].members >= most) return true;
    }
    return false;
}

} // namespace tw
