// One answer that a server drafts for: what it is to be asked, and what becomes of its tokens.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "speculation/drafted_text.hpp"

namespace tw {

// One request runs at a time: a stream of the tokens that follow a prefix. It is left to run as long as it says what the
// answer says, also where it lags behind, and begun anew behind a difference. Not thread-safe.
class server_answer {
  public:
    using clock = std::chrono::steady_clock;
    using replies = std::vector<drafter_reply>;

    explicit server_answer(std::vector<std::int32_t> prompt);

    // False where the text is not the one held here: the answer is lost. Orders that are late change nothing.
    [[nodiscard]] bool follow(draft_order order, replies& out);
    // Of the request that runs: its next token, and its end.
    void take(proposal token, clock::time_point at, replies& out);
    void ended(replies& out);
    [[nodiscard]] bool is_whole() const { return came_ == asked_; } // it has given all that it was asked for

    // Whether the request that runs is of no use any more.
    [[nodiscard]] bool is_stale() const { return stale_; }

    struct request {
        std::vector<std::int32_t> prompt;
        std::uint32_t most = 0; // tokens
    };
    // What to ask now that no request runs. `context`: tokens that the server holds of prompt and answer, 0 = not known.
    [[nodiscard]] std::optional<request> ask(std::size_t context);

  private:
    // Tokens of the answer that the server is to say itself, one by one: how often it would have drafted them.
    struct hearing {
        std::size_t at = 0;    // index of the next
        int requests = 0;
        std::vector<audit_entry> entries;
    };

    void hear(const proposal& token, replies& out);
    void report(replies& out);
    void advance(replies& out);

    drafted_text text_;
    draft_order order_;
    std::array<float, grades> chance_;
    float usual_;                  // running mean of what drafted tokens' grades are worth
    std::size_t sent_ = 0;         // drafted tokens sent for this order
    bool complete_ = true;
    std::optional<hearing> hearing_;
    bool stale_ = false;
    std::size_t asked_ = 0, came_ = 0; // tokens of the request that runs
    std::size_t at_ = 0;               // index of its next one
    bool dry_ = false;             // the server does not go on from here
    std::size_t begin_ = 0;        // of what is sent of the text as a prompt
    clock::time_point last_at_{};  // of the last token of the request that runs
    double token_s_ = 0;           // running mean of the time between two; 0 = not known
};

} // namespace tw
