// The tokens of an Ollama's streamed POST /api/generate, found by their text, and how sure it was of each.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <tightwad/sdk/continuation.hpp>
#include <tightwad/sdk/lines.hpp>

#include "vocabulary.hpp"

namespace ollama {

// A token_reader of server_backend. What is not the text of one token alone is a gap, and behind it the rest is of no use.
class token_stream {
  public:
    explicit token_stream(std::shared_ptr<const vocabulary> words) : words_(std::move(words)) {}

    void feed(std::string_view bytes, const tw::sdk::token_answer& out);
    [[nodiscard]] bool finished() const { return finished_; }
    [[nodiscard]] bool cut() const { return cut_; }
    void end() const;

  private:
    void line(std::string_view bytes, const tw::sdk::token_answer& out);
    void tell(const tw::sdk::json::value& said, const tw::sdk::token_answer& out);
    void put(std::string_view bytes, float margin, const tw::sdk::token_answer& out);

    std::shared_ptr<const vocabulary> words_;
    tw::sdk::line_reader lines_;
    bool finished_ = false, cut_ = false;
};

} // namespace ollama
