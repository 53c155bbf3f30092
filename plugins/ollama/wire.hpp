// What is sent to an Ollama, and how its answers are read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tightwad/sdk/backend.hpp>
#include <tightwad/sdk/lines.hpp>

#include "vocabulary.hpp"

namespace ollama::wire {

// The server's root, whether it was written with a slash, /api or /v1 at the end or without.
[[nodiscard]] std::string root_of(std::string url);

struct settings {
    std::string model;
    std::string keep_alive;    // empty = Ollama's own
    std::int64_t context = 0;  // 0 = Ollama's own
};

// /api/chat for messages, /api/generate (raw, no template) for a prompt.
[[nodiscard]] std::string path_of(const tw::sdk::chat_request& request);
// Throws TW_UNSUPPORTED for what Ollama cannot do: prompts in token ids, logit_bias.
[[nodiscard]] std::string body_of(const tw::sdk::chat_request& request, const settings& how);

// A question for embeddings as /api/embed takes it; throws TW_UNSUPPORTED for token ids. And its answer in OpenAI's form;
// throws when it is something else.
[[nodiscard]] std::string embed_body_of(const tw::sdk::json::value& asked, const settings& how);
[[nodiscard]] std::string embeddings_of(std::string_view body);

// A request to /api/generate to go on greedily behind a raw prompt, streamed, with at most `most` tokens.
[[nodiscard]] std::string body_of(std::string_view prompt, std::uint32_t most, const settings& how);
// The reply to "vocabulary".
[[nodiscard]] std::string vocabulary_of(const vocabulary& words, const settings& how);

// The names in the answer to GET /api/tags; throws when it is something else.
[[nodiscard]] std::vector<std::string> read_names(std::string_view body);
// Whether one of them is meant by `model`: without a tag ":latest" is.
[[nodiscard]] bool is_among(const std::string& model, const std::vector<std::string>& names);
// The question of /api/show, and of its answer what the status shows: context, capabilities, size. `verbose`: its tokens, too.
[[nodiscard]] std::string show_body_of(const settings& how, bool verbose = false);
[[nodiscard]] std::string facts_of(std::string_view body);
// The version in the answer to GET /api/version; empty when there is none.
[[nodiscard]] std::string read_version(std::string_view body);

// Reads the stream: a JSON object a line, the last one with "done": true.
class stream {
  public:
    void feed(std::string_view bytes, tw::sdk::answer& out);
    [[nodiscard]] bool finished() const { return done_; }
    void end(tw::sdk::answer& out);

  private:
    void line(std::string_view text, tw::sdk::answer& out);

    tw::sdk::line_reader lines_;
    bool done_ = false;
};

} // namespace ollama::wire
