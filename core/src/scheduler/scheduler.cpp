// The scheduler's thread, its queue and its slots.
#include "scheduler/scheduler.hpp"

#include <algorithm>
#include <string>

#include <spdlog/spdlog.h>

namespace tw {
namespace {

class running final : public generation {
  public:
    explicit running(std::shared_ptr<sequence> answer) : answer_(std::move(answer)) {}
    void cancel() override { answer_->cancelled = true; }

  private:
    std::shared_ptr<sequence> answer_;
};

} // namespace

scheduler::scheduler(std::unique_ptr<engine> target, std::unique_ptr<model_drafter> drafter,
                     scheduler_options options)
    : target_(std::move(target)), drafter_(std::move(drafter)), options_(options),
      slot_taken_(static_cast<std::size_t>(target_->info().n_seq)) {
    state_.slots = target_->info().n_seq;
    // Padding and drafts leave rows behind that must be cut off again.
    if (!target_->info().truncates || options_.draft_length == 0) drafter_.reset();
    state_.drafting = drafter_ != nullptr;
    thread_ = std::thread([this] { run(); });
}

scheduler::~scheduler() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

result<std::shared_ptr<generation>> scheduler::submit(sequence_request request,
                                                      std::shared_ptr<generation_sink> sink) {
    const auto context = static_cast<std::size_t>(target_->info().n_ctx);
    if (request.prompt.empty())
        return fail(code::invalid_argument, "The prompt is empty: it needs at least one token.");
    if (request.prompt.size() >= context)
        return fail(code::context_overflow, "The prompt is " + std::to_string(request.prompt.size()) +
                                                " tokens long, and the model's context holds " +
                                                std::to_string(context) +
                                                ", one of which the answer needs. Shorten the prompt.");
    auto answer = std::make_shared<sequence>(std::move(request), std::move(sink), target_->info().n_vocab);
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return fail(code::unavailable, "The endpoint is stopping.");
        // A free slot is taken at the next turn of the loop, so those waiting for one do not queue.
        const auto room = state_.slots - state_.active + options_.queue;
        if (static_cast<std::int32_t>(queue_.size()) >= room) {
            auto busy = fail(code::busy, "All " + std::to_string(state_.slots) + " slots are taken and " +
                                             std::to_string(queue_.size()) +
                                             " requests are waiting. Try again in a moment.");
            busy.retry_after = std::chrono::seconds{1};
            return busy;
        }
        queue_.push_back(answer);
        state_.queued = static_cast<std::int32_t>(queue_.size());
        ++state_.requests;
    }
    wake_.notify_all();
    return std::make_shared<running>(std::move(answer));
}

scheduler_state scheduler::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

void scheduler::run() {
    while (wait_for_work()) {
        admit();
        drop_cancelled();
        prefill();
        round();
        remove_finished();
    }
    const auto stopped = fail(code::unavailable, "The endpoint was stopped before the answer was complete.");
    fail_all(active_, stopped);
    remove_finished();
    for (const auto& answer : queue_) finish(*answer, finish_reason::failed, stopped);
    queue_.clear();
}

// False when the scheduler is to stop.
bool scheduler::wait_for_work() {
    std::unique_lock lock(mutex_);
    if (active_.empty()) wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    return !stopping_;
}

void scheduler::admit() {
    const std::lock_guard lock(mutex_);
    while (!queue_.empty()) {
        const auto free = std::find(slot_taken_.begin(), slot_taken_.end(), false);
        if (free == slot_taken_.end()) break;
        auto answer = std::move(queue_.front());
        queue_.pop_front();
        *free = true;
        answer->slot = static_cast<std::int32_t>(free - slot_taken_.begin());
        answer->started = steady::now();
        answer->stats.queue_s = std::chrono::duration<double>(answer->started - answer->submitted).count();
        const auto after = std::find_if(active_.begin(), active_.end(),
                                        [&](const auto& other) { return other->slot > answer->slot; });
        active_.insert(after, std::move(answer));
    }
    state_.queued = static_cast<std::int32_t>(queue_.size());
    state_.active = static_cast<std::int32_t>(active_.size());
}

void scheduler::drop_cancelled() {
    list waiting;
    {
        const std::lock_guard lock(mutex_);
        const auto gone = std::stable_partition(queue_.begin(), queue_.end(),
                                                [](const auto& answer) { return !answer->cancelled; });
        waiting.assign(gone, queue_.end());
        queue_.erase(gone, queue_.end());
        state_.queued = static_cast<std::int32_t>(queue_.size());
    }
    for (const auto& answer : waiting) finish(*answer, finish_reason::cancelled);
    for (const auto& answer : active_)
        if (answer->cancelled) finish(*answer, finish_reason::cancelled);
    remove_finished();
}

void scheduler::finish(sequence& answer, finish_reason reason, std::optional<error> failure) {
    if (answer.finished) return;
    answer.finished = true;
    if (reason == finish_reason::stop || reason == finish_reason::length) {
        if (const auto rest = answer.text.finish(); !rest.empty()) answer.sink->text(rest);
        if (answer.text.stopped()) reason = finish_reason::stop;
    }
    answer.stats.tokens = answer.generated();
    answer.stats.total_s = seconds_since(answer.submitted);

    generation_result out;
    out.reason = reason;
    out.failure = std::move(failure);
    out.prompt_tokens = static_cast<std::int64_t>(answer.request.prompt.size());
    out.completion_tokens = static_cast<std::int64_t>(answer.generated());
    out.seed = answer.request.sampling.seed;
    out.stats = answer.stats;
    out.tokens.assign(answer.tokens.begin() + static_cast<std::ptrdiff_t>(answer.request.prompt.size()),
                      answer.tokens.end());
    out.logits_digests = std::move(answer.digests);
    if (answer.slot >= 0) {
        // Freed before done() is called: whoever hears of the end finds the slot free.
        if (const auto cleared = target_->truncate(answer.slot, 0); !cleared)
            spdlog::error("event=slot_not_cleared slot={} why=\"{}\"", answer.slot, cleared.error().message);
        if (drafter_) drafter_->release(answer.slot);
        slot_taken_[static_cast<std::size_t>(answer.slot)] = false;
        const std::lock_guard lock(mutex_);
        --state_.active;
        state_.totals += answer.stats;
    }
    answer.sink->done(std::move(out));
}

void scheduler::fail_all(const list& answers, const error& why) {
    for (const auto& answer : answers) finish(*answer, finish_reason::failed, why);
}

void scheduler::remove_finished() {
    std::erase_if(active_, [](const auto& answer) { return answer->finished; });
}

} // namespace tw
