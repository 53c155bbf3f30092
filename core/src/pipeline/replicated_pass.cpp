// Handing on, and to another one.
#include "pipeline/replicated_pass.hpp"

#include <utility>

#include "pipeline/handed_down.hpp"
#include "pipeline/replicated_answer.hpp"

namespace tw {
namespace {

// What another replica may not meet. No answer has come, so nothing is known of the request but that it did not get there.
bool may_go_elsewhere(const error& why) {
    return why.code == code::busy || why.code == code::unavailable || why.code == code::timed_out || why.code == code::corrupt;
}

} // namespace

struct replicated_pass::run_sink final : handed_down {
    run_sink(std::shared_ptr<replicated_pass> whose, std::shared_ptr<pass_sink> to)
        : handed_down(std::move(to)), whose_(std::move(whose)) {}

    void head(pass_head head) override { whose_->on_head(std::move(head)); }
    void done(std::optional<error> failure) override { whose_->on_done(std::move(failure)); }

  private:
    const std::shared_ptr<replicated_pass> whose_;
};

replicated_pass::replicated_pass(std::shared_ptr<const pass_request> request, std::shared_ptr<pass_sink> sink,
                                 std::shared_ptr<replica_desk> desk)
    : request_(std::move(request)), desk_(std::move(desk)), sink_(std::move(sink)) {}

void replicated_pass::cancel() {
    std::shared_ptr<generation> run;
    {
        const std::lock_guard lock(mutex_);
        cancelled_ = true;
        run = run_;
    }
    if (run) run->cancel(); // without one, whoever begins the next run sees the flag
}

std::optional<std::size_t> replicated_pass::next(std::size_t replicas) {
    const std::lock_guard lock(mutex_);
    if (cancelled_ || next_ >= replicas) return std::nullopt;
    return next_++;
}

result<void> replicated_pass::run_on(pipeline& what) {
    std::shared_ptr<pass_sink> to;
    std::uint64_t run = 0;
    {
        const std::lock_guard lock(mutex_);
        to = sink_;
        run = ++runs_;
    }
    auto begun = what.pass(request_, std::make_shared<run_sink>(shared_from_this(), std::move(to)));
    if (!begun) return begun.error();
    bool cancelled = false;
    {
        const std::lock_guard lock(mutex_);
        if (run == runs_ && sink_) run_ = *begun;
        cancelled = cancelled_;
    }
    if (cancelled) (*begun)->cancel();
    return {};
}

void replicated_pass::note(error why) {
    const std::lock_guard lock(mutex_);
    note_refusal(refusal_, std::move(why));
}

std::optional<error> replicated_pass::refusal() const {
    const std::lock_guard lock(mutex_);
    return refusal_;
}

void replicated_pass::on_head(pass_head head) {
    std::shared_ptr<pass_sink> to;
    {
        const std::lock_guard lock(mutex_);
        headed_ = true;
        to = sink_;
    }
    to->head(std::move(head));
}

void replicated_pass::on_done(std::optional<error> failure) {
    std::shared_ptr<generation> ended;
    bool elsewhere = false;
    {
        const std::lock_guard lock(mutex_);
        elsewhere = failure && !headed_ && !cancelled_ && may_go_elsewhere(*failure);
        if (elsewhere) {
            note_refusal(refusal_, std::move(*failure));
            ended = std::exchange(run_, nullptr);
        }
    }
    if (elsewhere) desk_->post({.pass = shared_from_this()});
    else finish(std::move(failure));
}

void replicated_pass::give_up(const error& why) {
    bool cancelled = false;
    {
        const std::lock_guard lock(mutex_);
        cancelled = cancelled_;
    }
    finish(cancelled ? fail(code::cancelled, "Nobody waits for the answer any more.") : why);
}

void replicated_pass::finish(std::optional<error> failure) {
    std::shared_ptr<pass_sink> to;
    std::shared_ptr<generation> ended;
    {
        const std::lock_guard lock(mutex_);
        to = std::exchange(sink_, nullptr);
        ended = std::exchange(run_, nullptr);
    }
    to->done(std::move(failure));
    to.reset();
    ended.reset();
    desk_->leave(this); // last: whoever waits for it may end the pipeline
}

} // namespace tw
