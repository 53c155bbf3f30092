// One answer in flight, from the queue to its last token.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/generation.hpp"
#include "sampling/sampler.hpp"
#include "scheduler/text_stream.hpp"
#include "speculation/draft_path.hpp"

namespace tw {

using steady = std::chrono::steady_clock;

[[nodiscard]] inline double seconds_since(steady::time_point start) {
    return std::chrono::duration<double>(steady::now() - start).count();
}

// What the scheduler is asked to generate: token ids only, all checks done.
struct sequence_request {
    token_ids prompt; // 1 … context-1 tokens
    token_ids prediction; // what the client expects as the answer; empty = nothing
    sampling_params sampling;
    std::int32_t max_tokens = 0; // ≥ 1; the context may end the answer earlier
    std::vector<std::string> stop;
    token_ids shown{}; // control tokens whose text belongs to the answer, sorted
    bool speculate = true;
    std::optional<std::int32_t> top_logprobs = {};
    bool prompt_logprobs = false;
    bool logits_digest = false;
    bool record_rounds = false;
};

// Touched by the scheduler's thread alone, but for `cancelled`.
struct sequence {
    sequence(sequence_request what, std::shared_ptr<generation_sink> where, std::int32_t n_vocab)
        : request(std::move(what)), sink(std::move(where)), sampler(request.sampling, n_vocab),
          text(request.stop), tokens(request.prompt) {
        sampler.prompt(tokens);
    }

    sequence_request request;
    std::shared_ptr<generation_sink> sink;
    std::atomic<bool> cancelled{false};

    tw::sampler sampler;
    text_stream text;
    token_ids tokens;       // prompt, then answer
    std::size_t cached = 0; // of `tokens`, how many the target's cache holds
    std::size_t reused = 0; // of the prompt, how many an earlier request had left there
    std::int32_t slot = -1; // the sequence id at the target
    sequence_id drafted_as = 0;       // its name at the planner; 0 = nothing is drafted for it
    bool approximate = false;         // drafters that agree are believed
    std::vector<drafted_token> draft; // of the round under way
    std::int32_t first_row = 0;       // its first row of logits in the pass under way
    std::string unsent;               // text of the round under way
    std::size_t fresh = 0;            // tokens picked in the round under way
    std::optional<finish_reason> ending; // how the round under way ended it
    bool finished = false;               // done() was called

    // Log probabilities of tokens whose text is not out yet, each with where its text begins.
    std::deque<std::pair<std::size_t, token_likelihood>> likelihoods;
    std::vector<token_likelihood> prompt_likelihoods;
    std::vector<std::uint64_t> digests;
    std::vector<round_record> rounds;
    speculation_stats stats;
    steady::time_point submitted = steady::now();
    steady::time_point started = submitted;

    [[nodiscard]] std::size_t generated() const { return tokens.size() - request.prompt.size(); }
    [[nodiscard]] std::size_t remaining() const {
        return static_cast<std::size_t>(request.max_tokens) - generated();
    }
    // All but the last token is cached: the next row to decode picks a token.
    [[nodiscard]] bool prefilled() const { return cached + 1 >= tokens.size(); }
};

} // namespace tw
