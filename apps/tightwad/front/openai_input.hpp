// Reads the parts of a request that hold the prompt: messages and prompts.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "front/fields.hpp"
#include "front/openai_request.hpp"

namespace tw::front {

/// More are refused: a client in a loop, not a conversation.
inline constexpr std::size_t max_messages = 10'000;
/// The most answers one request may ask for, prompts times n.
inline constexpr std::size_t max_answers = 128;

[[nodiscard]] std::vector<chat_message> read_messages(fields& in);
[[nodiscard]] std::vector<decltype(generation_request::input)> read_prompts(fields& in);

} // namespace tw::front
