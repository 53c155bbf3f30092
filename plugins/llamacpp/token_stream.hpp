// The token ids of a llama-server's streamed POST /completion, and how sure it was of each.
#pragma once

#include <cstdint>
#include <string_view>

#include <tightwad/sdk/continuation.hpp>
#include <tightwad/sdk/lines.hpp>

namespace llamacpp {

// A token_reader of server_backend. A llama-server keeps the ids of tokens back that end within a character; it counts
// them, and behind such a gap the rest is of no use.
class token_stream {
  public:
    void feed(std::string_view bytes, const tw::sdk::token_answer& out);
    [[nodiscard]] bool finished() const { return finished_; }
    [[nodiscard]] bool cut() const { return cut_; }
    void end() const;

  private:
    void event(std::string_view data, const tw::sdk::token_answer& out);

    tw::sdk::event_reader events_;
    std::int64_t tokens_ = 0; // so far
    bool finished_ = false, cut_ = false;
};

} // namespace llamacpp
