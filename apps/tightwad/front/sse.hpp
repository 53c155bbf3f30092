// Server-sent events: how a line of JSON, a comment and the end are framed.
#pragma once

#include <string>
#include <string_view>

namespace tw::front {

inline constexpr std::string_view sse_done = "data: [DONE]\n\n";
/// Ignored by every client; keeps proxies from closing a silent stream.
inline constexpr std::string_view sse_ping = ": ping\n\n";

/// `json` is one line.
[[nodiscard]] inline std::string sse_event(std::string_view json) {
    return std::string("data: ").append(json).append("\n\n");
}

/// The same with the event's name.
[[nodiscard]] inline std::string sse_event(std::string_view name, std::string_view json) {
    return std::string("event: ").append(name).append("\n").append(sse_event(json));
}

} // namespace tw::front
