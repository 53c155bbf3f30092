// Many answers over one engine: slots, a queue, prefill in chunks, and rounds that share one decode.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "scheduler/sequence.hpp"
#include "speculation/model_drafter.hpp"

namespace tw {

struct scheduler_options {
    std::int32_t draft_length = 4; // tokens per draft, at most; 0 = never draft. Until measured, "auto" is this
    std::int32_t queue = 64;       // answers that may wait for a slot
    std::int32_t prefill_rows = 128; // prompt rows per decode, so that a long prompt delays the others little
};

struct scheduler_state {
    std::int32_t slots = 0, active = 0, queued = 0;
    std::uint64_t requests = 0; // accepted so far
    bool drafting = false;      // a drafter is there and works
    speculation_stats totals;   // of the answers that ended
};

// Owns the engines and the one thread that uses them. What a request gets depends on its prompt,
// parameters and seed alone, not on who else is served: each sequence has a KV stream of its own, the
// rows of a decode are sorted by sequence, and all sequences of a round bring the same number of rows
// (tests/bench/exact.sh measures it).
class scheduler {
  public:
    // `drafter` may be null; it needs at least as many sequences as the target.
    scheduler(std::unique_ptr<engine> target, std::unique_ptr<model_drafter> drafter, scheduler_options options);
    ~scheduler(); // running answers end with `unavailable`
    scheduler(const scheduler&) = delete;
    scheduler& operator=(const scheduler&) = delete;

    // Any thread. Fails with `context_overflow` or `busy`; then the sink is never called.
    [[nodiscard]] result<std::shared_ptr<generation>> submit(sequence_request request,
                                                             std::shared_ptr<generation_sink> sink);

    [[nodiscard]] scheduler_state state() const; // any thread
    [[nodiscard]] const engine& target() const { return *target_; }

  private:
    using list = std::vector<std::shared_ptr<sequence>>;

    void run();
    bool wait_for_work();
    void admit();
    void drop_cancelled();
    void prefill();
    void round();
    void draft(const list& answering);
    std::size_t pad_drafts(const list& answering);
    void take(sequence& answer, const engine::logits_view& logits, std::int32_t first_row);
    void keep(sequence& answer, std::size_t length);
    void finish(sequence& answer, finish_reason reason, std::optional<error> failure = {});
    void fail_all(const list& answers, const error& why);
    void remove_finished();

    std::unique_ptr<engine> target_;
    std::unique_ptr<model_drafter> drafter_;
    const scheduler_options options_;

    mutable std::mutex mutex_; // guards the queue, the state and stopping_
    std::condition_variable wake_;
    std::deque<std::shared_ptr<sequence>> queue_;
    scheduler_state state_;
    bool stopping_ = false;

    // The scheduler's thread alone:
    list active_; // sorted by slot
    std::vector<bool> slot_taken_;
    std::vector<tw_row> rows_;

    std::thread thread_;
};

} // namespace tw
