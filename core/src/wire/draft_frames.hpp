// Drafting messages as bytes: what speculation/messages.hpp says, one frame each.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "speculation/messages.hpp"

namespace tw::wire {

// A longer frame is refused unread. A prompt of a million tokens fits.
inline constexpr std::size_t most_frame_bytes = 4U << 20U;

// The chances of an order arrive rounded to 1/255, everything else as it was.
[[nodiscard]] std::string encode(const drafter_message& message);
[[nodiscard]] std::string encode(const drafter_reply& reply);

// Fail with `corrupt` and a sentence that names the frame and what is wrong with it. Whether tokens are in a
// vocabulary and sampling parameters usable is for the receiver to check.
[[nodiscard]] result<drafter_message> decode_message(std::string_view frame);
[[nodiscard]] result<drafter_reply> decode_reply(std::string_view frame);

} // namespace tw::wire
