// What a pipeline is asked for, what it streams back, and how it ended.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "sampling/params.hpp"
#include "speculation/sources.hpp"

namespace tw {

struct tool_call {
    std::string id{}, name{};
    std::string arguments{}; // JSON
};

struct chat_message {
    std::string role; // system, developer, user, assistant, tool
    std::string content;
    std::vector<tool_call> calls{}; // of an assistant
    std::string call_id{};          // of a tool: which call its content is the result of
    std::string tool{};             // likewise: its name; empty = not said
    std::string parts{};            // in place of content: texts, images and audio, OpenAI's list of parts as JSON
    std::string speaker{};          // of another than a tool: who says it, for servers; empty = not said
};

// The functions that an answer may call.
struct tool_use {
    std::string functions{}; // OpenAI's "tools", as JSON; empty = none
    bool required = false;   // it must call one
    bool parallel = true;    // it may call several
};

// More of a call: the first piece has the name.
struct tool_call_piece {
    std::size_t index = 0; // of the call in the answer
    tool_call more{};
};

using token_ids = std::vector<std::int32_t>;

// A token, its bytes, and how likely the model held it, before sampling changed anything.
struct likely_token {
    std::int32_t token = 0;
    std::string bytes; // any bytes; none for a token that has no text
    double logprob = 0; // natural logarithm; may be -infinity
};

// A token of prompt or answer beside the likeliest tokens in its place.
struct token_likelihood {
    likely_token chosen;
    std::vector<likely_token> top; // likeliest first
};

// One answer. The front turns `n` and prompt lists into several of these.
struct generation_request {
    // Chat messages, a prompt in text, or a prompt in token ids (used as they are, no bos added).
    std::variant<std::vector<chat_message>, std::string, token_ids> input;
    std::string suffix{};     // of a prompt in text: what the answer must lead to; empty = nothing
    tool_use tools{};         // of a chat
    sampling_params sampling; // the seed is already chosen
    std::optional<std::int32_t> max_tokens; // none = as many as the context holds
    std::vector<std::string> stop;
    std::string prediction; // what the client expects the answer to be; empty = nothing
    bool speculate = true; // false = the target alone, the same bytes
    std::optional<std::int32_t> top_logprobs = {}; // log probabilities, with so many of the likeliest; none = not wanted
    bool compared = false; // by its log probabilities with other answers to the same prompt
    bool prompt_logprobs = false; // of the prompt's tokens too; nothing of it is taken from the prefix cache then
    bool logits_digest = false; // hash every row that a token was picked from (benches)
    bool record_rounds = false; // keep what was drafted in each round (replay, benches)
    // How tokens are chosen, in the client's own words, and the fields that nobody here knows: a JSON object for a
    // server that has defaults of its own; empty = nothing was said. `sampling` and `max_tokens` hold what is used here.
    std::string said{};
};

// What was drafted in one round, and how much of it stood.
struct round_record {
    token_ids draft;
    std::size_t accepted = 0;
};

enum class finish_reason { stop, length, cancelled, failed, filtered }; // filtered: a server kept the rest to itself

// Speculation figures of one answer, or their sum over many. Times in seconds. Of drafting and verifying that several
// answers share each has an equal part, so that the sum over all answers is what passed on the wall; an answer that is not to
// be drafted for has none of the drafting. queue_s, prefill_s and total_s are what the answer's client waited.
struct speculation_stats {
    std::uint64_t rounds = 0;   // passes of the target in which a draft was judged or a token picked
    std::uint64_t drafted = 0;  // tokens proposed
    std::uint64_t accepted = 0; // of those, the ones the target picked too and the answer has
    std::uint64_t bonus = 0;    // rounds in which the whole draft stood and one more token came free
    std::uint64_t tokens = 0;   // tokens of the answers
    // Where drafters that agree are believed (speculation/consensus.hpp): tokens that enough of them proposed, and of those
    // the ones in whose place the target would have said another. They are not among `accepted`.
    std::uint64_t agreed = 0, overruled = 0;
    struct share {
        std::uint64_t drafted = 0, accepted = 0;
    };
    std::array<share, draft_sources> sources{}; // the same by where the tokens came from
    double queue_s = 0, prefill_s = 0, draft_s = 0, verify_s = 0, total_s = 0;

    speculation_stats& operator+=(const speculation_stats& other) {
        rounds += other.rounds;
        drafted += other.drafted;
        accepted += other.accepted;
        bonus += other.bonus;
        tokens += other.tokens;
        agreed += other.agreed;
        overruled += other.overruled;
        for (std::size_t i = 0; i < sources.size(); ++i) {
            sources[i].drafted += other.sources[i].drafted;
            sources[i].accepted += other.sources[i].accepted;
        }
        queue_s += other.queue_s;
        prefill_s += other.prefill_s;
        draft_s += other.draft_s;
        verify_s += other.verify_s;
        total_s += other.total_s;
        return *this;
    }
    [[nodiscard]] double acceptance() const { return drafted ? double(accepted) / double(drafted) : 0; }
};

// What a server says of its tokens. Unset = it does not say, and nobody else knows.
struct server_usage {
    bool counted = false; // how many tokens prompt and answer have
    std::optional<std::int64_t> cached{}, reasoning{}, accepted_prediction{}, rejected_prediction{};
};

struct generation_result {
    finish_reason reason = finish_reason::stop;
    std::optional<error> failure; // set when the reason is failed
    std::int64_t prompt_tokens = 0, completion_tokens = 0, cached_tokens = 0;
    std::uint64_t seed = 0;
    bool seeded = true; // false = a server answered that was given no seed and drew its own
    speculation_stats stats;
    token_ids tokens;                          // of the answer, the end-of-generation token included
    std::vector<std::uint64_t> logits_digests; // one per token, when asked for
    std::vector<round_record> rounds;          // when asked for
    std::vector<token_likelihood> prompt_logprobs; // when asked for, one a token; the first has neither logprob nor top
    std::string stopped_by; // the stop string that ended the answer; empty = none did
    bool approximate = false; // drafters that agree were believed: not the target's answer alone
    std::optional<server_usage> of_server{}; // set = a server answered, which counts for itself
    std::string continued_on; // the replica that went on with other bytes than the lost one's may have been; empty = none
};

// Receives one answer. Called from the pipeline's thread, never two calls at once; must not block.
class generation_sink {
  public:
    virtual ~generation_sink() = default;
    virtual void text(std::string_view piece) = 0; // whole code points, no part of a stop string
    // When log probabilities were asked for: of the tokens that the next text() is made of, or is still held back by.
    virtual void likelihoods(std::vector<token_likelihood> tokens) { static_cast<void>(tokens); }
    virtual void call(tool_call_piece piece) { static_cast<void>(piece); } // only when tools were offered
    // What a model thinks apart from its answer, where a server says it; whole code points.
    virtual void thought(std::string_view piece) { static_cast<void>(piece); }
    // What else a server says, for who knows it: a JSON object whose members "answer", "choice", "delta" and "usage" are objects
    // with members of those places of an OpenAI chunk. Those of the delta are pieces that add up, of the others the last holds.
    // `adds_up`: there is a delta among them.
    virtual void extra(std::string_view json, bool adds_up) { static_cast<void>(json), static_cast<void>(adds_up); }
    virtual void done(generation_result result) = 0; // exactly once, last
};

// A running answer. Dropping the handle does not stop it; cancel() does, from any thread, and done()
// still comes (with reason `cancelled`, or how it ended just before).
class generation {
  public:
    virtual ~generation() = default;
    virtual void cancel() = 0;
};

} // namespace tw
