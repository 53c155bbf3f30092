// Many answers over one engine: slots, a queue, prefill in chunks, and rounds that share one decode.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "scheduler/recent.hpp"
#include "scheduler/sequence.hpp"
#include "scheduler/slots.hpp"
#include "scheduler/stopwatch.hpp"
#include "speculation/accept.hpp"
#include "speculation/draft_planner.hpp"

namespace tw {

struct scheduler_options {
    std::int32_t queue = 64; // answers that may wait for a slot
    std::int32_t prefill_rows = 128; // prompt rows per decode, so that a long prompt delays the others little
    bool reuse_prefix = true; // an ended answer's cache serves the next prompt that begins alike
    // Every pass has at least and at most so many rows, padding included: the shape class of the engine.
    // {1, 0} = as many as there are.
    std::int32_t least_rows = 1, most_rows = 0;
    bool one_sequence = false; // a pass has rows of a single answer
};

struct scheduler_state {
    std::int32_t slots = 0, active = 0, queued = 0;
    std::uint64_t requests = 0; // accepted so far
    speculation_stats totals;   // of the answers that ended
    std::uint64_t prompt_tokens = 0, cached_tokens = 0; // of those
    // Medians of the last rounds, microseconds: the thread's own time for all but model and sampling, what
    // passed on the wall meanwhile (other threads on its core included), and picking tokens.
    double own_us = 0, wall_us = 0, sampling_us = 0;
};

// Owns the target and the one thread that uses it. What a request gets depends on its prompt, parameters
// and seed alone, not on who else is served: each sequence has a KV stream of its own, the rows of a decode
// are sorted by sequence, and all sequences of a pass bring the same number of rows
// (tests/bench/exact.sh measures it).
class scheduler {
  public:
    // `planner` may be null: nothing is drafted then.
    scheduler(std::unique_ptr<engine> target, std::unique_ptr<draft_planner> planner, scheduler_options options);
    ~scheduler(); // running answers end with `unavailable`
    scheduler(const scheduler&) = delete;
    scheduler& operator=(const scheduler&) = delete;

    // Any thread. Fails with `context_overflow` or `busy`; then the sink is never called.
    [[nodiscard]] result<std::shared_ptr<generation>> submit(sequence_request request,
                                                             std::shared_ptr<generation_sink> sink);

    [[nodiscard]] scheduler_state state() const; // any thread
    [[nodiscard]] const engine& target() const { return *target_; }
    [[nodiscard]] const draft_planner* planner() const { return planner_.get(); }

  private:
    using list = std::vector<std::shared_ptr<sequence>>;
    struct filler { // an idle sequence that takes part in a pass
        std::int32_t slot, held;
    };

    void run();
    bool wait_for_work();
    void measure_newcomers();
    void admit();
    [[nodiscard]] std::shared_ptr<sequence> next_in_queue();
    void drop_cancelled();
    void prefill();
    void round();
    void pass(const list& answers);
    // `rows` went through in `seconds`; 0 = this pass says nothing about rounds.
    void conclude(const list& answers, const engine::logits_view& logits, std::size_t rows, double seconds);
    [[nodiscard]] std::size_t draft(const list& answers);
    std::size_t pad_drafts(const list& answers, std::size_t members, std::size_t rows_each) const;
    [[nodiscard]] std::vector<filler> fill_gaps(const list& answers, std::size_t rows_each) const;
    void add_rows(const list& answers, const std::vector<filler>& fillers, std::size_t padded, bool all_wanted);
    void forget(std::int32_t slot);
    result<engine::logits_view> decode();
    [[nodiscard]] verdict pick(sequence& answer, const engine::logits_view& logits) const;
    void take(sequence& answer, const verdict& picked, const engine::logits_view& logits);
    static void count(sequence& answer, const verdict& picked);
    [[nodiscard]] std::optional<finish_reason> accept_token(sequence& answer, std::int32_t token);
    void note_likelihood(sequence& answer, std::int32_t token, std::span<const float> logits);
    [[nodiscard]] token_likelihood likelihood(const sequence& answer, std::int32_t token,
                                              std::span<const float> logits) const;
    static void deliver(sequence& answer);
    static void deliver_likelihoods(sequence& answer, bool all);
    void forget_prefix(sequence& answer);
    void keep(sequence& answer, std::size_t length);
    void finish(sequence& answer, finish_reason reason, std::optional<error> failure = {});
    void vacate(sequence& answer, bool failed);
    void fail_all(const list& answers, const error& why);
    void remove_finished();
    [[nodiscard]] std::size_t context() const; // tokens a sequence can hold and still be padded
    [[nodiscard]] std::size_t most_rows() const;
    // In a shape class every row of a pass wants logits: how many do is the shape of the output layer.
    [[nodiscard]] bool shaped() const { return options_.least_rows > 1 || options_.most_rows > 0; }

    std::unique_ptr<engine> target_;
    std::unique_ptr<draft_planner> planner_;
    const scheduler_options options_;

    mutable std::mutex mutex_; // guards the queue, the state and stopping_
    std::condition_variable wake_;
    std::deque<std::shared_ptr<sequence>> queue_;
    scheduler_state state_;
    bool stopping_ = false;
    bool drafters_changed_ = false;

    // The scheduler's thread alone:
    list active_; // sorted by slot
    slots slots_;
    std::vector<tw_row> rows_;
    std::vector<draft_seat> seats_;
    sequence_id last_sequence_ = 0;
    spent_time decode_, picking_; // of the turn under way
    double waited_s_ = 0;         // for drafts, likewise
    recent own_, wall_, sampling_; // guarded by mutex_

    std::thread thread_;
};

} // namespace tw
