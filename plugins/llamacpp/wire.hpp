// What is sent to a llama-server, and what its answers about itself say.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <tightwad/sdk/backend.hpp>

namespace llamacpp::wire {

// The server's root, whether it was written with a slash or /v1 at the end or without.
[[nodiscard]] std::string root_of(std::string url);

// Where a request goes: /v1/chat/completions, /v1/completions, or /infill with a "suffix".
[[nodiscard]] std::string path_of(const tw::sdk::chat_request& request);

// The request, streamed and with usage. An empty model is left out: a server with one model needs none.
[[nodiscard]] std::string body_of(const tw::sdk::chat_request& request, const std::string& model);

// Likewise of a question (abi/ext/question.h), whose replies are llama-server's own; throws TW_UNSUPPORTED for others.
[[nodiscard]] std::string path_of(std::string_view what);
[[nodiscard]] std::string body_of(std::string_view what, const tw::sdk::json::value& asked, const std::string& model);

// The request to POST /tokenize for the tokens of the prompt that POST /apply-template replied, counted as the server does
// when it answers, and how many there are.
[[nodiscard]] std::string split_body_of(std::string_view rendered, const std::string& model);
[[nodiscard]] std::string count_of(std::string_view tokens);

// A request to POST /completion to go on greedily from token ids, streamed, with the ids of at most `most` tokens.
[[nodiscard]] std::string body_of(std::span<const std::int32_t> prompt, std::uint32_t most, const std::string& model);

// The reply to "vocabulary" from GET /v1/models: of the model of that name, else of the first. Throws where it tells nothing.
[[nodiscard]] std::string vocabulary_of(std::string_view body, const std::string& model);

// What GET /props tells; throws when it is something else.
struct properties {
    std::string model_path, build;
    std::int64_t context = 0, slots = 0;
};
[[nodiscard]] properties read_properties(std::string_view body);

// What the status shows of it.
[[nodiscard]] std::string facts_of(const properties& found);

// Of what /slots says.
[[nodiscard]] std::string load_of(std::string_view body);

} // namespace llamacpp::wire
