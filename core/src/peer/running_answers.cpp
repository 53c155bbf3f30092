// What a pipeline says of an answer or to a question, as frames.
#include "peer/running_answers.hpp"

#include <string>
#include <utility>

#include "base/text.hpp"

namespace tw::peer {
namespace {
constexpr std::size_t most_answers = 256; // of one channel, questions and waiting ones included
}

class running_answers::frame_sink final : public generation_sink {
  public:
    frame_sink(std::shared_ptr<running_answers> all, wire::request_id request) : all_(std::move(all)), request_(request) {}

    void text(std::string_view piece) override {
        while (!piece.empty()) {
            const auto part = cut_utf8(piece, wire::max_piece_bytes);
            static_cast<void>(all_->send(wire::piece{request_, std::string(part)}));
            piece.remove_prefix(part.size());
        }
    }
    void call(tool_call_piece piece) override { static_cast<void>(all_->send(wire::call_piece{request_, std::move(piece)})); }
    void likelihoods(std::vector<token_likelihood> tokens) override {
        static_cast<void>(all_->send(wire::likelihoods{request_, std::move(tokens)}));
    }
    void done(generation_result result) override {
        if (!all_->forget(request_)) return;
        const auto sent = all_->send(wire::done{request_, result});
        if (sent || sent.error().code != code::invalid_argument) return;
        // Digests of a very long answer, or what a very long prompt's tokens were likely, do not fit a frame; the text
        // has been sent.
        generation_result bare;
        bare.reason = finish_reason::failed;
        bare.failure = sent.error();
        bare.prompt_tokens = result.prompt_tokens;
        bare.completion_tokens = result.completion_tokens;
        bare.seed = result.seed;
        static_cast<void>(all_->send(wire::done{request_, std::move(bare)}));
    }

  private:
    const std::shared_ptr<running_answers> all_;
    const wire::request_id request_;
};

result<void> running_answers::add(wire::request_id request) {
    const std::lock_guard lock(mutex_);
    if (answers_.contains(request))
        return fail(code::corrupt, "Request " + std::to_string(request) + " was submitted while it runs.");
    if (answers_.size() >= most_answers) {
        auto busy = fail(code::busy, "This machine answers " + std::to_string(most_answers) +
                                         " requests for that peer already. Try again in a moment.");
        busy.retry_after = std::chrono::seconds{1};
        return busy;
    }
    answers_[request] = {};
    return {};
}

std::shared_ptr<generation_sink> running_answers::sink(wire::request_id request) {
    return std::make_shared<frame_sink>(shared_from_this(), request);
}

finding_function running_answers::finder(wire::request_id request) {
    return [all = shared_from_this(), request](result<finding> what) { all->tell(request, std::move(what)); };
}

void running_answers::tell(wire::request_id request, result<finding> what) {
    if (!what) return refuse(request, what.error());
    auto told = wire::narrow<wire::target_finding>(std::move(*what));
    if (!told) return refuse(request, fail(code::internal, "A target found what no target is asked for."));
    if (!forget(request)) return;
    const auto sent = send(wire::found{request, std::move(*told)});
    if (sent || sent.error().code != code::invalid_argument) return;
    auto longer = fail(code::invalid_argument, "The reply is too long for another machine; ask about less at a time. " +
                                                   sent.error().message);
    static_cast<void>(send(wire::refused{request, std::move(longer)}));
}

void running_answers::started(wire::request_id request, std::shared_ptr<generation> running) {
    bool cancelled = false;
    {
        const std::lock_guard lock(mutex_);
        const auto found = answers_.find(request);
        cancelled = found == answers_.end() ? over_ : found->second.cancelled; // not found: ended, or the channel has
        if (found != answers_.end()) found->second.running = running;
    }
    if (cancelled) running->cancel();
}

void running_answers::refuse(wire::request_id request, const error& why) {
    if (forget(request)) static_cast<void>(send(wire::refused{request, why}));
}

void running_answers::cancel(wire::request_id request) {
    std::shared_ptr<generation> running;
    {
        const std::lock_guard lock(mutex_);
        const auto found = answers_.find(request);
        if (found == answers_.end()) return;
        found->second.cancelled = true;
        running = found->second.running;
    }
    if (running) running->cancel();
}

void running_answers::end() {
    std::map<wire::request_id, answer> ended;
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
        ended.swap(answers_);
    }
    for (const auto& [request, each] : ended)
        if (each.running) each.running->cancel();
}

bool running_answers::is_over() const {
    const std::lock_guard lock(mutex_);
    return over_;
}

bool running_answers::is_wanted(wire::request_id request) const {
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(request);
    return found != answers_.end() && !found->second.cancelled;
}

bool running_answers::forget(wire::request_id request) {
    const std::lock_guard lock(mutex_);
    return answers_.erase(request) > 0;
}

} // namespace tw::peer
