// What a frame may hold. Both ends check: a frame over a limit is neither written nor taken.
#pragma once

#include <cstddef>

namespace tw::wire {

inline constexpr std::size_t max_frame_bytes = 8U << 20U;
inline constexpr std::size_t max_list_tokens = 1U << 20U;  // of a prompt, a prediction, an answer
inline constexpr std::size_t max_draft_tokens = 0xFFFF;    // as draft_order::want
inline constexpr std::size_t max_piece_bytes = 1U << 20U;  // text of one round
inline constexpr std::size_t max_messages = 4096;          // of a chat
inline constexpr std::size_t max_role_bytes = 64;
inline constexpr std::size_t max_calls = 1024;             // of tools, in one message or one answer
inline constexpr std::size_t max_form_bytes = 1U << 20U;   // a grammar, a schema, the functions on offer: JSON
inline constexpr std::size_t max_top_tokens = 128;         // beside a token, the likeliest in its place
inline constexpr std::size_t max_token_text_bytes = 4096;  // of one token
inline constexpr std::size_t max_status_bytes = 1U << 20U; // JSON of ask_status
inline constexpr std::size_t max_drafts = 16;              // that a target is asked to use
inline constexpr std::size_t max_url_bytes = 512;
inline constexpr std::size_t max_token_bytes = 4096;       // a bearer token
inline constexpr std::size_t max_stop_strings = 16;
inline constexpr std::size_t max_stop_bytes = 1U << 16U;
inline constexpr std::size_t max_name_bytes = 256;         // of machines, engines, versions, digests
inline constexpr std::size_t max_identity_bytes = 1024;
inline constexpr std::size_t max_sentence_bytes = 4096;    // longer ones are cut by the sender
inline constexpr std::size_t max_engines = 64;             // that one host serves
inline constexpr long long max_retry_after_ms = 86'400'000; // a day; more is cut by the sender

} // namespace tw::wire
