// One binary message of the connection between two hosts: its kind, its channel and what it says.
// docs/wire.md is the format.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/error.hpp"
#include "speculation/messages.hpp"
#include "wire/answers.hpp"
#include "wire/connection.hpp"
#include "wire/hello.hpp"
#include "wire/limits.hpp"

namespace tw::wire {

// A drafter's messages (speculation/messages.hpp) cross as they are, but for draft_order::chance, which
// is rounded to n/255.
using message = std::variant<hello, ping, pong, goodbye, open_channel, channel_opened, channel_refused, channel_closed,
                             draft_open, draft_order, draft_close, draft_batch, draft_audit, draft_lost, drafter_failed,
                             submit, piece, done, refused, cancel, ask_status, status_is,
                             call_piece, likelihoods, ask, found>;

struct frame {
    std::uint32_t channel = 0; // 0 for hello, ping, pong and goodbye, and for nothing else
    message body;
};

// The name in docs/wire.md, e.g. "draft_order".
[[nodiscard]] const char* name(const message& body);

// At most max_frame_bytes. invalid_argument where something is over its limit or the channel is wrong.
// Any thread.
[[nodiscard]] result<std::string> encode(std::uint32_t channel, const message& body);

// Of all the bytes of one WebSocket message. `corrupt`, with one sentence that names the kind and the
// field, for anything that encode() would not have written. Any thread.
[[nodiscard]] result<frame> decode(std::string_view bytes);

// To a variant that has all alternatives of the other.
template <class Wide, class... Each> [[nodiscard]] Wide widen(std::variant<Each...> from) {
    return std::visit([](auto&& m) { return Wide(std::move(m)); }, std::move(from));
}
// Nothing where the narrow one has no such alternative.
template <class Narrow, class... Each> [[nodiscard]] std::optional<Narrow> narrow(std::variant<Each...> from) {
    return std::visit([](auto&& m) -> std::optional<Narrow> {
        if constexpr (std::constructible_from<Narrow, decltype(m)>) return Narrow(std::move(m));
        else return std::nullopt;
    }, std::move(from));
}
// From the variants of speculation/messages.hpp.
template <class... Messages> [[nodiscard]] message as_message(std::variant<Messages...> from) {
    return widen<message>(std::move(from));
}

} // namespace tw::wire
