// Kinds, channels, and the way from a message to its bytes and back.
#include "wire/frame.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "wire/answer_fields.hpp"
#include "wire/connection_fields.hpp"
#include "wire/draft_fields.hpp"

namespace tw::wire {
namespace {

struct kind {
    std::uint8_t code;
    const char* name;
    bool of_connection = false;
};

// In the order of `message`. A code is never given another meaning.
constexpr std::array<kind, std::variant_size_v<message>> kinds{{
    {0x01, "hello", true},
    {0x02, "ping", true},
    {0x03, "pong", true},
    {0x04, "goodbye", true},
    {0x05, "open_channel"},
    {0x06, "channel_opened"},
    {0x07, "channel_refused"},
    {0x08, "channel_closed"},
    {0x10, "draft_open"},
    {0x11, "draft_order"},
    {0x12, "draft_close"},
    {0x13, "draft_batch"},
    {0x14, "draft_audit"},
    {0x15, "draft_lost"},
    {0x16, "drafter_failed"},
    {0x20, "submit"},
    {0x21, "piece"},
    {0x22, "done"},
    {0x23, "refused"},
    {0x24, "cancel"},
    {0x25, "ask_status"},
    {0x26, "status_is"},
    {0x27, "call_piece"},
    {0x28, "likelihoods"},
    {0x29, "ask"},
    {0x2A, "found"},
}};

std::string hex(std::uint8_t byte) {
    constexpr const char* digits = "0123456789abcdef";
    return {'0', 'x', digits[byte >> 4U], digits[byte & 15U]};
}

std::string wrong_channel(const kind& what, std::uint32_t channel) {
    return "A frame of kind " + std::string(what.name) + " names channel " + std::to_string(channel) +
           (what.of_connection ? "; it belongs to the connection, channel 0." : "; it belongs to a channel from 1 on.");
}

} // namespace

const char* name(const message& body) { return kinds[body.index()].name; }

result<std::string> encode(std::uint32_t channel, const message& body) {
    const auto& what = kinds[body.index()];
    if (what.of_connection != (channel == 0)) return fail(code::invalid_argument, wrong_channel(what, channel));
    writer out(what.name);
    out.byte(what.code, "kind");
    out.varint(channel, "channel");
    std::visit([&out](const auto& m) { fields(out, m); }, body);
    return out.finish();
}

result<frame> decode(std::string_view bytes) {
    if (bytes.empty()) return fail(code::corrupt, "A frame is empty; its first byte says its kind.");
    if (bytes.size() > max_frame_bytes)
        return fail(code::corrupt, "A frame has " + std::to_string(bytes.size()) + " bytes; at most " +
                                       std::to_string(max_frame_bytes) + " are taken.");
    auto first = static_cast<std::uint8_t>(bytes.front());
    const auto* what = std::find_if(kinds.begin(), kinds.end(), [first](const kind& k) { return k.code == first; });
    if (what == kinds.end())
        return fail(code::corrupt, "A frame is of kind " + hex(first) + ", which this version does not know.");
    frame out;
    choose(out.body, static_cast<std::size_t>(what - kinds.begin()));
    reader in(bytes, what->name);
    in.byte(first, "kind");
    in.varint(out.channel, "channel");
    std::visit([&in](auto& m) { fields(in, m); }, out.body);
    if (const auto ended = in.finish(); !ended) return ended.error();
    if (what->of_connection != (out.channel == 0)) return fail(code::corrupt, wrong_channel(*what, out.channel));
    return out;
}

} // namespace tw::wire
