// Asking, comparing, moving, ending.
#include "pipeline/replicated_answer.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace tw {
namespace {

using steady = std::chrono::steady_clock;

constexpr int most_moves = 3;

constexpr std::chrono::seconds usual_rest{1}; // of a server that says "too much to do" and not until when

std::string quoted(const std::string& name) { return '"' + name + '"'; }

bool may_pass(const error& why) {
    return why.code == code::busy || why.code == code::unavailable || why.code == code::timed_out;
}

// What is wrong with the machine and not with the request, besides a loss.
bool is_its_own(const error& why) {
    return why.code == code::busy || why.code == code::corrupt || why.code == code::denied || why.code == code::not_found;
}

} // namespace

void note_refusal(std::optional<error>& all, error next) {
    if (all) {
        const auto before = all->retry_after;
        if (may_pass(*all) && !may_pass(next)) std::swap(next, *all);
        if (before.count() > 0)
            next.retry_after = next.retry_after.count() > 0 ? std::min(before, next.retry_after) : before;
    }
    all = std::move(next);
}

struct replicated_answer::run_sink final : generation_sink {
    run_sink(std::shared_ptr<replicated_answer> whose, std::uint64_t which, std::size_t where)
        : answer(std::move(whose)), epoch(which), index(where) {}

    void text(std::string_view piece) override { answer->on_text(epoch, piece); }
    void likelihoods(std::vector<token_likelihood> tokens) override {
        answer->on_beside(epoch, [&](generation_sink& to) { to.likelihoods(std::move(tokens)); });
    }
    void call(tool_call_piece piece) override {
        answer->on_beside(epoch, [&](generation_sink& to) { to.call(std::move(piece)); });
    }
    void thought(std::string_view piece) override {
        answer->on_beside(epoch, [&](generation_sink& to) { to.thought(piece); });
    }
    void extra(std::string_view json, bool adds_up) override {
        answer->on_beside(epoch, [&](generation_sink& to) { to.extra(json, adds_up); }, adds_up);
    }
    void done(generation_result outcome) override {
        if (left.exchange(true)) return;
        answer->board_->left(index);
        answer->on_done(epoch, std::move(outcome));
    }

    const std::shared_ptr<replicated_answer> answer;
    const std::uint64_t epoch;
    const std::size_t index;
    std::atomic<bool> left = false;
};

replicated_answer::replicated_answer(generation_request request, std::shared_ptr<generation_sink> sink, failover policy,
                                     std::shared_ptr<replica_board> board, std::shared_ptr<replica_desk> desk)
    : policy_(policy), board_(std::move(board)), desk_(std::move(desk)), prompt_(chain_of(request)),
      may_have_more_(!request.tools.functions.empty() || request.top_logprobs || request.prompt_logprobs),
      request_(std::move(request)), sink_(std::move(sink)) {}

void replicated_answer::cancel() {
    std::shared_ptr<generation> run;
    {
        const std::lock_guard lock(mutex_);
        cancelled_ = true;
        run = run_;
    }
    if (run) run->cancel(); // without one, whoever starts the next run sees the flag
}

bool replicated_answer::cancelled() const {
    const std::lock_guard lock(mutex_);
    return cancelled_;
}

replicated_answer::wish replicated_answer::wants() const {
    const std::lock_guard lock(mutex_);
    wish out;
    out.elsewhere = passed_over_;
    if (lost_ && !anywhere_) out.elsewhere.push_back(lost_->index);
    if (delivered_.empty()) return out; // nothing to be the same as
    out.digest = place_.digest;
    out.only_same = policy_ == failover::same_bytes;
    return out;
}

result<void> replicated_answer::run_on(place where, pipeline& what) {
    const auto index = where.index;
    std::uint64_t epoch = 0;
    generation_request request;
    {
        const std::lock_guard lock(mutex_);
        if (cancelled_) return fail(code::cancelled, "The answer was cancelled.");
        epoch = ++epoch_;
        const bool same = lost_ && !where.digest.empty() && where.digest == lost_->digest;
        continued_on_ = mixed_ || (lost_ && !delivered_.empty() && !same) ? where.name : "";
        compared_ = base_;
        heard_ = false;
        began_ = steady::now();
        request = next_request();
        place_ = std::move(where);
    }
    auto started = what.start(std::move(request), std::make_shared<run_sink>(shared_from_this(), epoch, index));
    if (!started) return started.error();
    bool stop = false;
    {
        const std::lock_guard lock(mutex_);
        if (epoch_ == epoch && !finished_) run_ = *started;
        stop = cancelled_ || epoch_ != epoch;
    }
    if (stop) (*started)->cancel();
    return {};
}

generation_request replicated_answer::next_request() const {
    auto out = request_;
    if (base_ > 0) {
        std::get<std::string>(out.input).append(delivered_, 0, base_);
        if (out.max_tokens) *out.max_tokens -= static_cast<std::int32_t>(base_tokens_);
    }
    if (out.prediction.starts_with(delivered_)) out.prediction.erase(0, base_); // the client knew: and more than we do
    else if (delivered_.size() > base_) out.prediction = delivered_.substr(base_);
    return out;
}

void replicated_answer::on_text(std::uint64_t epoch, std::string_view piece) {
    locked lock(mutex_);
    if (epoch != epoch_) return;
    heard_ = true;
    const auto known = std::string_view(delivered_).substr(compared_, piece.size());
    const auto again = static_cast<std::size_t>(
        std::mismatch(known.begin(), known.end(), piece.begin(), piece.end()).first - known.begin());
    if (again < known.size()) return differs(std::move(lock), compared_ + again, nullptr);
    compared_ += again;
    piece.remove_prefix(again);
    if (piece.empty()) return;
    delivered_.append(piece);
    compared_ = delivered_.size();
    ++pieces_;
    stays_ = stays_ || may_have_more_;
    tell(std::move(lock), [piece](generation_sink& to) { to.text(piece); });
}

void replicated_answer::on_beside(std::uint64_t epoch, const std::function<void(generation_sink&)>& what, bool stays) {
    locked lock(mutex_);
    if (epoch != epoch_) return;
    heard_ = heard_ || stays;
    if (compared_ < delivered_.size()) return; // thoughts about what was delivered already
    stays_ = stays_ || stays;
    tell(std::move(lock), what);
}

void replicated_answer::tell(locked lock, const std::function<void(generation_sink&)>& what) {
    telling_ = true;
    const auto sink = sink_;
    lock.unlock();
    what(*sink);
    lock.lock();
    telling_ = false;
    if (!held_) return;
    auto outcome = *std::exchange(held_, std::nullopt);
    ended(std::move(lock), std::move(outcome));
}

void replicated_answer::on_done(std::uint64_t epoch, generation_result outcome) {
    locked lock(mutex_);
    if (epoch != epoch_) return;
    if (telling_) held_ = std::move(outcome); // a loss seen by another thread than the one that brings text
    else ended(std::move(lock), std::move(outcome));
}

void replicated_answer::ended(locked lock, generation_result outcome) {
    const bool failed = outcome.reason == finish_reason::failed;
    if (failed && cancelled_) {
        outcome.reason = finish_reason::cancelled;
        outcome.failure.reset();
    } else if (failed && outcome.failure && !heard_ && is_its_own(*outcome.failure)) {
        return passed_over(std::move(lock), std::move(outcome));
    } else if (failed && outcome.failure &&
               (outcome.failure->code == code::unavailable || outcome.failure->code == code::timed_out)) {
        return lost(std::move(lock), std::move(outcome));
    } else if (!failed && outcome.reason != finish_reason::cancelled && compared_ < delivered_.size()) {
        const auto at = compared_;
        return differs(std::move(lock), at, &outcome);
    }
    finish(std::move(lock), complete(std::move(outcome)));
}

void replicated_answer::passed_over(locked lock, generation_result outcome) {
    ++epoch_;
    const auto run = std::exchange(run_, nullptr);
    count(outcome);
    passed_over_.push_back(place_.index);
    const auto& why = *outcome.failure;
    if (why.code == code::busy)
        board_->rest(place_.index, why.retry_after.count() > 0 ? why.retry_after : std::chrono::milliseconds(usual_rest));
    note_refusal(refusal_, why);
    lock.unlock();
    desk_->post({nullptr, shared_from_this()});
}

void replicated_answer::lost(locked lock, generation_result outcome) {
    if (policy_ == failover::none || stays_) return finish(std::move(lock), complete(std::move(outcome)));
    ++epoch_;
    const auto run = std::exchange(run_, nullptr);
    count(outcome);
    lost_ = place_;
    anywhere_ = false;
    why_ = *outcome.failure;
    mixed_ = !continued_on_.empty();
    if (policy_ == failover::same_bytes && !delivered_.empty() && lost_->digest.empty())
        return fail_with(std::move(lock),
                         fail(code::unavailable, loss() + ", and it is not known whether another one gives the same "
                                                          "bytes: its exactness has no digest. Ask again."));
    if (moves_ == most_moves)
        return fail_with(std::move(lock), fail(code::unavailable, loss() + ", after " + std::to_string(most_moves) +
                                                                      " moves from other replicas. Ask again."));
    ++moves_;
    board_->moved();
    lock.unlock();
    desk_->post({nullptr, shared_from_this()});
}

void replicated_answer::differs(locked lock, std::size_t at, const generation_result* outcome) {
    ++epoch_;
    auto run = std::exchange(run_, nullptr);
    if (outcome != nullptr) count(*outcome);
    const auto told = loss() + ", and " + quoted(place_.name) + " gives another text from byte " + std::to_string(at) + " on";
    const bool goes_on = std::holds_alternative<std::string>(request_.input) && request_.sampling.grammar.empty();
    if (policy_ == failover::any && goes_on) {
        // The text already delivered becomes a part of the prompt. A chat has no such place: its template ends a turn.
        // A grammar says what the whole answer is, so such an answer has none either.
        told_tokens_ = std::max(told_tokens_, pieces_);
        base_ = delivered_.size();
        base_tokens_ = told_tokens_;
        mixed_ = true;
        anywhere_ = true;
        if (!request_.max_tokens || base_tokens_ < *request_.max_tokens) {
            lock.unlock();
            return desk_->post({std::move(run), shared_from_this()});
        }
        if (run) desk_->post({std::move(run), nullptr});
        continued_on_ = place_.name;
        generation_result full;
        full.reason = finish_reason::length;
        full.seed = request_.sampling.seed;
        full.prompt_tokens = prompt_tokens_ + base_tokens_;
        return finish(std::move(lock), complete(std::move(full)));
    }
    if (run) desk_->post({std::move(run), nullptr});
    if (policy_ == failover::any)
        return fail_with(std::move(lock), fail(code::unavailable, told + "; only an answer to a prompt in text can be "
                                                                         "continued from there. Ask again."));
    fail_with(std::move(lock), fail(code::corrupt, told + ", although both have the same exactness digest. Ask again, "
                                                          "and probe the exactness of both anew."));
}

void replicated_answer::give_up(const error& why) {
    locked lock(mutex_);
    if (finished_) return;
    if (!cancelled_) {
        auto failure = lost_ || !refusal_ ? why : *refusal_;
        if (lost_) failure.message = loss() + ", and no other one goes on: " + why.message;
        return fail_with(std::move(lock), std::move(failure));
    }
    generation_result outcome;
    outcome.reason = finish_reason::cancelled;
    outcome.seed = request_.sampling.seed;
    outcome.prompt_tokens = prompt_tokens_ + base_tokens_;
    outcome.completion_tokens = told_tokens_ - base_tokens_;
    finish(std::move(lock), complete(std::move(outcome)));
}

void replicated_answer::fail_with(locked lock, error failure) {
    generation_result outcome;
    outcome.reason = finish_reason::failed;
    outcome.failure = std::move(failure);
    outcome.seed = request_.sampling.seed;
    outcome.prompt_tokens = prompt_tokens_ + base_tokens_;
    outcome.completion_tokens = told_tokens_ - base_tokens_;
    finish(std::move(lock), complete(std::move(outcome)));
}

void replicated_answer::finish(locked lock, generation_result outcome) {
    ++epoch_;
    finished_ = true;
    auto sink = std::move(sink_);
    const auto run = std::exchange(run_, nullptr);
    lock.unlock();
    sink->done(std::move(outcome));
    sink.reset();
    desk_->leave(this); // last: whoever waits for it may end the pipeline
}

void replicated_answer::count(const generation_result& outcome) {
    const auto lasted = std::chrono::duration<double>(steady::now() - began_).count();
    earlier_ += outcome.stats;
    earlier_.total_s += std::max(0.0, lasted - outcome.stats.total_s); // a lost machine does not say how long it took
    told_tokens_ = std::max({told_tokens_, base_tokens_ + outcome.completion_tokens, pieces_});
    prompt_tokens_ = std::max(prompt_tokens_, outcome.prompt_tokens - base_tokens_);
}

generation_result replicated_answer::complete(generation_result outcome) const {
    if (moves_ == 0 && !lost_ && passed_over_.empty()) return outcome;
    outcome.prompt_tokens = std::max<std::int64_t>(0, outcome.prompt_tokens - base_tokens_);
    outcome.cached_tokens = std::min(outcome.cached_tokens, outcome.prompt_tokens);
    outcome.completion_tokens += base_tokens_;
    outcome.stats += earlier_;
    outcome.stats.tokens = static_cast<std::uint64_t>(outcome.completion_tokens); // what was said twice counts once
    outcome.continued_on = continued_on_;
    return outcome;
}

std::string replicated_answer::loss() const {
    const auto& gone = lost_ ? *lost_ : place_;
    return "Replica " + quoted(gone.name) + " was lost after " + std::to_string(delivered_.size()) +
           " bytes of the answer (" + why_.message + ")";
}

} // namespace tw
