// Reads the parts of a request that hold the prompt: messages, their parts, and prompts.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "front/api_request.hpp"
#include "front/fields.hpp"
#include "front/image_fields.hpp"

namespace tw::front {

/// More are refused: a client in a loop, not a conversation.
inline constexpr std::size_t max_messages = 10'000;
/// The most answers one request may ask for, prompts times n.
inline constexpr std::size_t max_answers = 128;

/// "messages[2]".
[[nodiscard]] std::string at(const std::string& name, std::size_t index);

/// A string, or parts of these types, which hold it as "text". Parts are joined by line breaks, as
/// llama.cpp and vLLM do for templates without parts.
[[nodiscard]] std::string read_content(fields& in, const std::string& path,
                                       const nlohmann::json& content,
                                       std::span<const std::string_view> text_types);

/// The same for what a user says, into `out`: with images, all of it is parts, each as OpenAI's chat has it.
void read_user_content(fields& in, const std::string& path, const nlohmann::json& content,
                       std::span<const std::string_view> text_types, image_form form, chat_message& out);
/// Ollama's images beside a text: they come behind it.
void put_bare_images(fields& in, const std::string& path, const nlohmann::json& images, chat_message& out);

/// An array of 1 to 10,000 entries; null after an error. `what` is the word for one of them.
[[nodiscard]] const nlohmann::json* find_list(fields& in, const char* key, const char* what);

[[nodiscard]] std::vector<chat_message> read_messages(fields& in);
/// One or several of `key`, each a text or token ids; at most `most`.
[[nodiscard]] std::vector<decltype(generation_request::input)> read_prompts(fields& in, const char* key,
                                                                            std::size_t most);
/// Of an array, whose place is `path`.
[[nodiscard]] token_ids read_tokens(fields& in, const std::string& path, const nlohmann::json& list);

} // namespace tw::front
