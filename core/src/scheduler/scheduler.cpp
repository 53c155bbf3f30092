// The scheduler's thread, its queue and its slots.
#include "scheduler/scheduler.hpp"

#include <algorithm>
#include <string>
#include <utility>

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

scheduler::scheduler(std::unique_ptr<engine> target, std::unique_ptr<draft_planner> planner,
                     scheduler_options options)
    : target_(std::move(target)), planner_(std::move(planner)), options_(options),
      slots_(*target_, options.reuse_prefix) {
    state_.slots = target_->info().n_seq;
    // Padding and drafts leave rows behind that must be cut off again.
    if (!target_->info().truncates) planner_.reset();
    if (planner_)
        planner_->when_drafters_change([this] {
            {
                const std::lock_guard lock(mutex_);
                drafters_changed_ = true;
            }
            wake_.notify_all();
        });
    thread_ = std::thread([this] { run(); });
}

scheduler::~scheduler() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
    planner_.reset(); // drafters that go now still say so
}

result<std::shared_ptr<generation>> scheduler::submit(sequence_request request,
                                                      std::shared_ptr<generation_sink> sink) {
    const auto context = this->context();
    if (request.prompt.empty())
        return fail(code::invalid_argument, "The prompt is empty: it needs at least one token.");
    if (request.prompt.size() >= context)
        return fail(code::context_overflow, "The prompt is " + std::to_string(request.prompt.size()) +
                                                " tokens long, and the model's context holds " +
                                                std::to_string(context) +
                                                ", one of which the answer needs. Shorten the prompt.");
    std::unique_ptr<token_mask> grammar;
    if (!request.sampling.grammar.empty()) {
        auto made = target_->make_grammar(request.sampling.grammar);
        if (!made) {
            auto failure = made.error();
            failure.param = "grammar";
            return failure;
        }
        grammar = std::move(*made);
    }
    auto answer = std::make_shared<sequence>(std::move(request), std::move(sink), target_->info().n_vocab);
    if (grammar) answer->sampler.constrain(std::move(grammar));
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
    auto out = state_;
    out.own_us = own_.median() * 1e6;
    out.wall_us = wall_.median() * 1e6;
    out.sampling_us = sampling_.median() * 1e6;
    return out;
}

// Padding may need rows behind the last token.
std::size_t scheduler::context() const {
    return static_cast<std::size_t>(target_->info().n_ctx - options_.least_rows + 1);
}

std::size_t scheduler::most_rows() const {
    const auto batch = target_->info().n_batch;
    return static_cast<std::size_t>(options_.most_rows == 0 ? batch : std::min(batch, options_.most_rows));
}

void scheduler::run() {
    while (wait_for_work()) {
        measure_newcomers();
        const stopwatch turn;
        decode_ = picking_ = {};
        waited_s_ = 0;
        admit();
        drop_cancelled();
        prefill();
        round();
        remove_finished();
        const auto all = turn.read();
        if (picking_.wall == 0) continue; // only prompts were read
        const std::lock_guard lock(mutex_);
        own_.add(all.own - decode_.own - picking_.own);
        wall_.add(all.wall - decode_.wall - picking_.wall - waited_s_);
        sampling_.add(picking_.wall);
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
    if (active_.empty()) wake_.wait(lock, [&] { return stopping_ || drafters_changed_ || !queue_.empty(); });
    return !stopping_;
}

// A drafter that came is measured when nobody waits for an answer.
void scheduler::measure_newcomers() {
    if (!planner_ || !active_.empty()) return;
    {
        const std::lock_guard lock(mutex_);
        if (!queue_.empty() || !std::exchange(drafters_changed_, false)) return;
    }
    if (planner_->wants_measuring()) planner_->measure(*target_, slots_.empty_one());
}

// Takes the answer that waits longest, if there is a slot for it.
std::shared_ptr<sequence> scheduler::next_in_queue() {
    const std::lock_guard lock(mutex_);
    state_.queued = static_cast<std::int32_t>(queue_.size());
    state_.active = static_cast<std::int32_t>(active_.size());
    if (queue_.empty()) return nullptr;
    const auto place = slots_.take(queue_.front()->tokens);
    if (!place) return nullptr;
    auto answer = std::move(queue_.front());
    queue_.pop_front();
    answer->slot = place->slot;
    answer->cached = answer->reused = place->cached;
    return answer;
}

void scheduler::admit() {
    while (auto answer = next_in_queue()) {
        answer->started = steady::now();
        answer->stats.queue_s = std::chrono::duration<double>(answer->started - answer->submitted).count();
        if (planner_ && answer->request.speculate) {
            answer->drafted_as = ++last_sequence_;
            planner_->open(answer->drafted_as, answer->request.sampling, answer->tokens, answer->request.prediction);
            answer->approximate = planner_->believes_drafters(answer->request.sampling);
        }
        const auto after = std::find_if(active_.begin(), active_.end(),
                                        [&](const auto& other) { return other->slot > answer->slot; });
        active_.insert(after, answer);
        if (answer->request.prompt_logprobs) forget_prefix(*answer);
    }
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
    answer.sampler.release(); // the handle of the answer may outlive the engine
    deliver(answer);
    if (reason == finish_reason::stop || reason == finish_reason::length) {
        const auto rest = answer.text.finish();
        deliver_likelihoods(answer, true);
        if (!rest.empty()) answer.sink->text(rest);
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
    out.cached_tokens = static_cast<std::int64_t>(answer.reused);
    out.rounds = std::move(answer.rounds);
    out.prompt_logprobs = std::move(answer.prompt_likelihoods);
    out.stopped_by = answer.text.stopped_by();
    out.approximate = answer.approximate;
    if (answer.slot >= 0) vacate(answer, reason == finish_reason::failed);
    answer.sink->done(std::move(out));
}

// Before done() is called: whoever hears of the end finds the slot free. The cache keeps what it holds of the
// answer, for a prompt that begins so.
void scheduler::vacate(sequence& answer, bool failed) {
    if (planner_ && answer.drafted_as != 0) planner_->close(answer.drafted_as);
    const auto length = failed ? 0 : std::min(answer.cached, answer.tokens.size() - 1);
    if (answer.cached > length || failed) keep(answer, length);
    slots_.give_back(answer.slot, std::span(answer.tokens).first(std::min(answer.cached, length)));
    const std::lock_guard lock(mutex_);
    --state_.active;
    state_.totals += answer.stats;
    state_.prompt_tokens += answer.request.prompt.size();
    state_.cached_tokens += answer.reused;
}

void scheduler::fail_all(const list& answers, const error& why) {
    for (const auto& answer : answers) finish(*answer, finish_reason::failed, why);
}

void scheduler::remove_finished() {
    std::erase_if(active_, [](const auto& answer) { return answer->finished; });
}

} // namespace tw
