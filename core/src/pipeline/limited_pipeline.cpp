// Counting places.
#include "pipeline/limited_pipeline.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include <nlohmann/json.hpp>

namespace tw {

class limited_pipeline::places : public std::enable_shared_from_this<places> {
  public:
    places(pipeline& inner, std::size_t most, std::size_t queue) : inner_(inner), most_(most), queue_(queue) {}

    // A place to begin at, or to wait for it (`wait` makes what waits), or why there is neither.
    template <class Wait> result<std::shared_ptr<waiting_call>> take(Wait wait);
    // To be called when what has a place has ended: the next one that waits begins.
    [[nodiscard]] waiting_call::left_function leaving() {
        return [self = shared_from_this()] { self->leave(); };
    }
    void leave();
    // Refuses what waits. From then on nothing begins, and the inner pipeline is not used.
    void close();
    [[nodiscard]] nlohmann::json counted();

  private:
    pipeline& inner_;
    const std::size_t most_, queue_;
    std::mutex mutex_;
    std::condition_variable handed_over_;
    std::deque<std::shared_ptr<waiting_call>> waiting_;
    std::size_t running_ = 0;
    std::size_t left_ = 0; // of those running, the places that are still to be handed over
    bool handing_over_ = false, closed_ = false;
};

template <class Wait> result<std::shared_ptr<waiting_call>> limited_pipeline::places::take(Wait wait) {
    const std::lock_guard lock(mutex_);
    if (running_ < most_) {
        ++running_;
        return std::shared_ptr<waiting_call>();
    }
    if (waiting_.size() >= queue_) std::erase_if(waiting_, [](const auto& each) { return !each->waits(); });
    if (waiting_.size() < queue_) return waiting_.emplace_back(wait());
    auto busy = fail(code::busy, "All " + std::to_string(most_) + " answers that '" + inner_.name() + "' may give at a time are being "
                                 "given and " + std::to_string(waiting_.size()) + " requests are waiting. Try again in a moment.");
    busy.retry_after = std::chrono::seconds{1};
    return busy;
}

// What begins may end within the call: whoever hands places over already takes that one, too, so that this never nests.
void limited_pipeline::places::leave() {
    std::unique_lock lock(mutex_);
    ++left_;
    if (std::exchange(handing_over_, true)) return;
    while (left_ > 0 && !closed_ && !waiting_.empty()) {
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        --left_;
        lock.unlock();
        const bool begun = next->begin(inner_, leaving());
        next.reset();
        lock.lock();
        if (!begun) ++left_;
    }
    running_ -= std::exchange(left_, 0);
    handing_over_ = false;
    handed_over_.notify_all();
}

void limited_pipeline::places::close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    const auto refused = std::exchange(waiting_, {});
    handed_over_.wait(lock, [this] { return !handing_over_; });
    lock.unlock();
    for (const auto& each : refused) each->refuse(fail(code::unavailable, "The server is stopping."));
}

nlohmann::json limited_pipeline::places::counted() {
    const std::lock_guard lock(mutex_);
    const auto queued = std::count_if(waiting_.begin(), waiting_.end(), [](const auto& each) { return each->waits(); });
    return {{"total", most_}, {"active", running_ - left_}, {"queued", queued}};
}

limited_pipeline::limited_pipeline(std::shared_ptr<pipeline> inner, std::size_t most, std::size_t queue)
    : inner_(std::move(inner)), places_(std::make_shared<places>(*inner_, most, queue)) {}

limited_pipeline::~limited_pipeline() { places_->close(); }

template <class Asked, class Heard>
result<std::shared_ptr<generation>> limited_pipeline::place(Asked asked, Heard heard) {
    auto taken = places_->take([&] { return std::make_shared<waiting_call>(std::move(asked), std::move(heard)); });
    if (!taken) return taken.error();
    if (*taken) return std::shared_ptr<generation>(std::move(*taken));
    auto begun = begin_at(*inner_, std::move(asked), std::move(heard), places_->leaving());
    if (!begun) places_->leave();
    return begun;
}

result<std::shared_ptr<generation>> limited_pipeline::start(generation_request request, std::shared_ptr<generation_sink> sink) {
    return place(std::move(request), std::move(sink));
}

result<std::shared_ptr<generation>> limited_pipeline::ask(question asked, finding_function done) {
    return place(std::move(asked), std::move(done));
}

result<std::shared_ptr<generation>> limited_pipeline::pass(std::shared_ptr<const pass_request> request,
                                                           std::shared_ptr<pass_sink> sink) {
    return place(std::move(request), std::move(sink));
}

nlohmann::json limited_pipeline::status() const {
    auto out = inner_->status();
    out["slots"] = places_->counted();
    return out;
}

} // namespace tw
