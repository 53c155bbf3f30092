// Hands a call over once.
#include "pipeline/waiting_call.hpp"

#include <utility>

#include "pipeline/handed_down.hpp"

namespace tw {
namespace {

// Gives the place back first: whoever hears of the end finds it free.
class leaving_sink final : public generation_sink {
  public:
    leaving_sink(std::shared_ptr<generation_sink> to, waiting_call::left_function left)
        : to_(std::move(to)), left_(std::move(left)) {}

    void text(std::string_view piece) override { to_->text(piece); }
    void likelihoods(std::vector<token_likelihood> tokens) override { to_->likelihoods(std::move(tokens)); }
    void call(tool_call_piece piece) override { to_->call(std::move(piece)); }
    void thought(std::string_view piece) override { to_->thought(piece); }
    void extra(std::string_view json, bool adds_up) override { to_->extra(json, adds_up); }
    void done(generation_result result) override {
        left_();
        to_->done(std::move(result));
    }

  private:
    std::shared_ptr<generation_sink> to_;
    waiting_call::left_function left_;
};

// Likewise for what is passed on.
class leaving_pass final : public handed_down {
  public:
    leaving_pass(std::shared_ptr<pass_sink> to, waiting_call::left_function left)
        : handed_down(std::move(to)), left_(std::move(left)) {}

    void done(std::optional<error> failure) override {
        left_();
        to().done(std::move(failure));
    }

  private:
    waiting_call::left_function left_;
};

generation_result ended(const error& why) {
    generation_result out;
    out.reason = why.code == code::cancelled ? finish_reason::cancelled : finish_reason::failed;
    out.failure = why;
    return out;
}

} // namespace

result<std::shared_ptr<generation>> begin_at(pipeline& where, generation_request request, std::shared_ptr<generation_sink> sink,
                                             waiting_call::left_function left) {
    return where.start(std::move(request), std::make_shared<leaving_sink>(std::move(sink), std::move(left)));
}

result<std::shared_ptr<generation>> begin_at(pipeline& where, question asked, finding_function done,
                                             waiting_call::left_function left) {
    return where.ask(std::move(asked), [done = std::move(done), left = std::move(left)](result<finding> found) {
        left();
        done(std::move(found));
    });
}

result<std::shared_ptr<generation>> begin_at(pipeline& where, std::shared_ptr<const pass_request> request,
                                             std::shared_ptr<pass_sink> sink, waiting_call::left_function left) {
    return where.pass(std::move(request), std::make_shared<leaving_pass>(std::move(sink), std::move(left)));
}

waiting_call::waiting_call(generation_request request, std::shared_ptr<generation_sink> sink)
    : start_([request = std::move(request), sink](pipeline& where, left_function left) mutable {
          return begin_at(where, std::move(request), std::move(sink), std::move(left));
      }),
      end_([sink](const error& why) { sink->done(ended(why)); }) {}

waiting_call::waiting_call(question asked, finding_function done)
    : start_([asked = std::move(asked), done](pipeline& where, left_function left) mutable {
          return begin_at(where, std::move(asked), std::move(done), std::move(left));
      }),
      end_([done](const error& why) { done(why); }) {}

waiting_call::waiting_call(std::shared_ptr<const pass_request> request, std::shared_ptr<pass_sink> sink)
    : start_([request = std::move(request), sink](pipeline& where, left_function left) mutable {
          return begin_at(where, std::move(request), std::move(sink), std::move(left));
      }),
      end_([sink](const error& why) { sink->done(why); }) {}

bool waiting_call::leave_queue(state next) {
    const std::lock_guard lock(mutex_);
    if (state_ != state::waiting) return false;
    state_ = next;
    return true;
}

bool waiting_call::waits() const {
    const std::lock_guard lock(mutex_);
    return state_ == state::waiting;
}

bool waiting_call::begin(pipeline& where, left_function left) {
    if (!leave_queue(state::begun)) return false;
    auto begun = start_(where, std::move(left));
    if (!begun) {
        end_(begun.error());
        return false;
    }
    bool cancelled = false;
    {
        const std::lock_guard lock(mutex_);
        running_ = *begun;
        cancelled = cancelled_;
    }
    if (cancelled) (*begun)->cancel();
    return true;
}

void waiting_call::refuse(error why) {
    if (!leave_queue(state::over)) return;
    start_ = nullptr; // the request, which may be large
    end_(std::move(why));
}

void waiting_call::cancel() {
    refuse(fail(code::cancelled, "Nobody waits for the answer any more."));
    std::shared_ptr<generation> running;
    {
        const std::lock_guard lock(mutex_);
        cancelled_ = true;
        running = running_;
    }
    if (running) running->cancel();
}

} // namespace tw
