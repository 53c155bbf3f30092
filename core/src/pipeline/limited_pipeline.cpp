// Counting places.
#include "pipeline/limited_pipeline.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace tw {

limited_pipeline::limited_pipeline(std::shared_ptr<pipeline> inner, std::size_t most, std::size_t queue)
    : most_(most), queue_(queue), inner_(std::move(inner)) {}

limited_pipeline::~limited_pipeline() {
    std::deque<std::shared_ptr<waiting_call>> waiting;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        waiting.swap(waiting_);
    }
    for (const auto& each : waiting) each->refuse(fail(code::unavailable, "The server is stopping."));
}

template <class Asked, class Heard>
result<std::shared_ptr<generation>> limited_pipeline::place(Asked asked, Heard heard) {
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(waiting_, [](const auto& each) { return !each->waits(); });
        if (running_ >= most_ && waiting_.size() >= queue_) {
            auto busy = fail(code::busy, "All " + std::to_string(most_) + " answers that '" + name() + "' may give at a time are being "
                                         "given and " + std::to_string(waiting_.size()) + " requests are waiting. Try again in a moment.");
            busy.retry_after = std::chrono::seconds{1};
            return busy;
        }
        if (running_ >= most_) {
            auto call = std::make_shared<waiting_call>(std::move(asked), std::move(heard));
            waiting_.push_back(call);
            return std::shared_ptr<generation>(std::move(call));
        }
        ++running_;
    }
    auto begun = begin_at(*inner_, std::move(asked), std::move(heard), [this] { leave(); });
    if (!begun) leave();
    return begun;
}

void limited_pipeline::leave() {
    while (true) {
        std::shared_ptr<waiting_call> next;
        {
            const std::lock_guard lock(mutex_);
            if (stopping_ || waiting_.empty()) {
                --running_;
                return;
            }
            next = std::move(waiting_.front()); // its place is this one's
            waiting_.pop_front();
        }
        if (next->begin(*inner_, [this] { leave(); })) return;
    }
}

result<std::shared_ptr<generation>> limited_pipeline::start(generation_request request, std::shared_ptr<generation_sink> sink) {
    return place(std::move(request), std::move(sink));
}

result<std::shared_ptr<generation>> limited_pipeline::ask(question asked, finding_function done) {
    return place(std::move(asked), std::move(done));
}

nlohmann::json limited_pipeline::status() const {
    auto out = inner_->status();
    const std::lock_guard lock(mutex_);
    out["slots"] = {{"total", most_}, {"active", running_}, {"queued", waiting_.size()}};
    return out;
}

} // namespace tw
