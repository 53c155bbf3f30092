// One answer in flight, from the queue to its last token.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "scheduler/generation.hpp"
#include "sampling/sampler.hpp"
#include "scheduler/text_stream.hpp"

namespace tw {

using steady = std::chrono::steady_clock;

[[nodiscard]] inline double seconds_since(steady::time_point start) {
    return std::chrono::duration<double>(steady::now() - start).count();
}

// What the scheduler is asked to generate: token ids only, all checks done.
struct sequence_request {
    token_ids prompt; // 1 … context-1 tokens
    sampling_params sampling;
    std::int32_t max_tokens = 0; // ≥ 1; the context may end the answer earlier
    std::vector<std::string> stop;
    bool speculate = true;
    bool logits_digest = false;
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
    std::int32_t slot = -1; // the sequence id at the target and at the drafter
    token_ids draft;        // of the round under way
    bool finished = false;  // done() was called

    std::vector<std::uint64_t> digests;
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
