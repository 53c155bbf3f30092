// The queue between a pipeline's thread and a connection.
#include "front/answer_queue.hpp"

#include <iterator>
#include <utility>

namespace tw::front {
namespace {

/// What an event costs in memory beside its text, and roughly what its frame adds on the wire.
constexpr std::size_t overhead = 256;

class queue_sink : public generation_sink {
  public:
    queue_sink(std::shared_ptr<answer_queue> queue, std::size_t index)
        : queue_(std::move(queue)), index_(index) {}

    void text(std::string_view piece) override {
        queue_->push({.index = index_, .text = std::string(piece), .likelihoods = std::exchange(waiting_, {})});
    }
    void likelihoods(std::vector<token_likelihood> tokens) override {
        waiting_.insert(waiting_.end(), std::make_move_iterator(tokens.begin()),
                        std::make_move_iterator(tokens.end()));
    }
    void call(tool_call_piece piece) override { queue_->push({.index = index_, .call = std::move(piece)}); }
    void thought(std::string_view piece) override { queue_->push({.index = index_, .thought = std::string(piece)}); }
    void extra(std::string_view json, bool) override { queue_->push({.index = index_, .extra = std::string(json)}); }
    void done(generation_result result) override {
        if (!waiting_.empty()) text(""); // tokens that have no text
        queue_->push({.index = index_, .end = std::move(result)});
    }

  private:
    std::shared_ptr<answer_queue> queue_;
    std::size_t index_;
    std::vector<token_likelihood> waiting_; // for their text
};

/// Bytes of an event in memory, about.
std::size_t cost_of(const answer_event& event) {
    auto out = event.text.size() + event.thought.size() + event.extra.size() + overhead;
    if (event.call) out += event.call->more.name.size() + event.call->more.arguments.size();
    for (const auto& each : event.likelihoods) out += overhead * (1 + each.top.size());
    return out;
}

} // namespace

answer_queue::answer_queue(std::size_t max_bytes, std::function<void()> wake)
    : max_bytes_(max_bytes), wake_(std::move(wake)) {}

void answer_queue::push(answer_event event) {
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        const bool was_empty = events_.empty();
        const bool was_overflowed = overflowed_;
        const auto cost = cost_of(event);
        overflowed_ = overflowed_ || (!event.end && bytes_ + cost > max_bytes_);
        if (event.end || !overflowed_) {
            bytes_ += cost;
            events_.push_back(std::move(event));
        }
        if (!was_empty && was_overflowed == overflowed_) return;
    }
    const std::lock_guard lock(waking_); // so that close() can promise silence; it only posts
    if (wake_) wake_();
}

std::vector<answer_event> answer_queue::take(std::size_t max_bytes) {
    const std::lock_guard lock(mutex_);
    std::vector<answer_event> out;
    std::size_t taken = 0;
    while (!events_.empty() && taken < max_bytes) {
        taken += cost_of(events_.front());
        out.push_back(std::move(events_.front()));
        events_.pop_front();
    }
    bytes_ -= taken;
    return out;
}

bool answer_queue::overflowed() const {
    const std::lock_guard lock(mutex_);
    return overflowed_;
}

void answer_queue::close() {
    const std::scoped_lock lock(waking_, mutex_);
    wake_ = nullptr;
    closed_ = true;
    events_.clear();
    bytes_ = 0;
}

std::shared_ptr<generation_sink> sink_for(std::shared_ptr<answer_queue> queue, std::size_t index) {
    return std::make_shared<queue_sink>(std::move(queue), index);
}

} // namespace tw::front
