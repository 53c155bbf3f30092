// From what a pipeline answered to OpenAI's JSON, whole or in chunks. Pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "front/answer_writer.hpp"

namespace tw::front {

/// The body of an answer that is not streamed. The figures are of `all` answers, `n` to each prompt; `choices` are those of
/// them that are given.
[[nodiscard]] std::string whole_answer(const answer_identity& who, std::span<const choice> choices,
                                       std::span<const choice> all, int n);

/// The first chunk of a choice: the role for chat, the echoed prompt for a completion.
[[nodiscard]] std::string first_chunk(const answer_identity& who, std::size_t index,
                                      std::string_view echo);
/// What a choice's chunks have around their text, written once for all of them.
struct text_frame {
    std::string before, after;
};
[[nodiscard]] text_frame frame_of(const answer_identity& who, std::size_t index);
[[nodiscard]] std::string text_chunk(const text_frame& frame, std::string_view text);
/// With log probabilities; `end`: how many characters of the choice's text there are now.
[[nodiscard]] std::string likelihood_chunk(const answer_identity& who, const answer_event& piece, std::size_t end);
/// Of a chat: what the model thinks apart from its answer.
[[nodiscard]] std::string thought_chunk(const answer_identity& who, const answer_event& piece);
/// A piece of a tool call: the first with id and name.
[[nodiscard]] std::string call_chunk(const answer_identity& who, std::size_t index, const tool_call_piece& piece);
/// What only some clients know; empty when it is not for a chunk of its own.
[[nodiscard]] std::string extra_chunk(const answer_identity& who, std::size_t index, const server_extra& news);
/// The last chunk of a choice.
[[nodiscard]] std::string finish_chunk(const answer_identity& who, std::size_t index, const choice& one);
/// The last chunk of the last choice also carries the figures of all of them.
[[nodiscard]] std::string last_chunk(const answer_identity& who, std::size_t index,
                                     std::span<const choice> all);
/// Follows it when the request asked for usage; empty where nobody knows it.
[[nodiscard]] std::string usage_chunk(const answer_identity& who, std::span<const choice> all,
                                      int n);

} // namespace tw::front
