// What a client asks for besides answers: embeddings, an order of documents, tokens, what a model is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "pipeline/questions.hpp"

namespace tw::front {

/// What a body is read as, and how the reply is written.
enum class inquiry {
    embeddings,        // OpenAI's /v1/embeddings
    rerank,            // Jina's and Cohere's /v1/rerank
    tokenize,          // llama.cpp's
    detokenize,        // llama.cpp's
    props,             // llama.cpp's
    ollama_embed,      // Ollama's /api/embed
    ollama_embeddings, // Ollama's older /api/embeddings
};

struct question_request {
    inquiry kind = inquiry::embeddings;
    std::string model{}; // empty = not named
    /// None: there is nothing to ask, only to load, as Ollama's clients do with an empty input.
    std::optional<question> what{};
    bool base64 = false;           // of embeddings
    bool with_pieces = false;      // of tokens
    std::size_t top_n = SIZE_MAX;  // of documents
    bool return_documents = false; // likewise
};

/// Reads the body, or for props, which has none, the query in `target`. As parse_request(): errors
/// name the field, fields nobody knows are ignored, any bytes are safe.
[[nodiscard]] result<question_request> parse_question(inquiry kind, std::string_view target,
                                                      std::string_view body);

} // namespace tw::front
