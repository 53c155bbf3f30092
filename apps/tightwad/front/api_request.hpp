// What a client asks for, whichever API it speaks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "pipeline/pipeline.hpp"

namespace tw::front {

/// What a body is read as, and how its answer is written.
enum class endpoint {
    chat,            // OpenAI's /v1/chat/completions
    completion,      // OpenAI's /v1/completions
    responses,       // OpenAI's /v1/responses
    messages,        // Anthropic's /v1/messages
    ollama_chat,     // Ollama's /api/chat
    ollama_generate, // Ollama's /api/generate
};

struct request_limits {
    std::int32_t max_tokens = 16384;
};

/// What the answer must look like, and which field says so.
struct answer_form {
    enum class what { free, json_object, schema, grammar };
    what kind = what::free;
    std::string field{};   // empty = none
    std::string pointer{}; // of a schema: its place in the body
    std::string text{};    // a grammar; of /v1/responses, the format that it repeats
};

/// The tools of a request: whether there are any to choose from, and the one that was chosen.
struct offered_tools {
    bool any = false;
    std::string only{}; // empty = all
    std::string tools{}, choice{}; // of /v1/responses, which repeats them: JSON, or empty
};

struct api_request {
    endpoint kind = endpoint::chat;
    std::string model{}; // empty = not named
    bool stream = false, include_usage = false, echo = false;
    bool inline_reasoning = false; // thoughts stand in the text, for clients that drop them apart from it
    std::int32_t n = 1;
    std::int32_t best_of = 1; // answers to each prompt, of which the `n` likeliest are given; at least n
    /// One prompt, or for completions several; none asks Ollama to load the model only. Answer
    /// `p * best_of + k` is the k-th to prompt p.
    std::vector<decltype(generation_request::input)> inputs{};
    /// All but the input; its seed is the first answer's.
    generation_request base{};
    answer_form form{}; // `base.sampling.grammar` has what it stands for
    offered_tools offered{}; // `base.tools` has them
    std::string instructions{}; // of /v1/responses, which repeats them

    [[nodiscard]] std::size_t answers() const {
        return inputs.size() * static_cast<std::size_t>(best_of);
    }
    /// What the pipeline is asked for one answer. The k-th answer to a prompt has the seed `seed +
    /// k`, so that each can be had again alone.
    [[nodiscard]] generation_request answer(std::size_t index) const;
};

/// Reads the body. A field that is malformed, out of range, or that would change the answer and is
/// not supported, is an error naming it in `param`; fields nobody knows are ignored. Any bytes are
/// safe.
[[nodiscard]] result<api_request> parse_request(endpoint kind, std::string_view body,
                                                request_limits limits);

} // namespace tw::front
