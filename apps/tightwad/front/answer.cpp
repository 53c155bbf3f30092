// Starting, awaiting and cancelling generations.
#include "front/answer.hpp"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "front/on_loop.hpp"

namespace tw::front {

namespace asio = boost::asio;

namespace {
constexpr std::size_t batch_bytes = 64U << 10U;
}

answer::answer(asio::any_io_executor loop, std::size_t max_bytes)
    : loop_(std::move(loop)), signal_(loop_), max_bytes_(max_bytes) {}

answer::~answer() {
    cancel();
    if (queue_) queue_->close();
}

std::optional<error> answer::start(const api_request& request, tw::pipeline& pipeline) {
    queue_ = std::make_shared<answer_queue>(max_bytes_, on_loop(loop_, weak_from_this(), [](answer& self) { self.on_event(); }));
    for (std::size_t i = 0; i < request.answers(); ++i) {
        auto started = pipeline.start(request.answer(i), sink_for(queue_, i));
        if (!started) {
            cancel();
            auto failure = started.error();
            // The pipeline does not know which field its grammar came from.
            if (failure.param == "grammar") failure.param = request.offered.any ? "tools" : request.form.field;
            return failure;
        }
        generations_.push_back(*std::move(started));
    }
    return std::nullopt;
}

asio::awaitable<std::vector<answer_event>> answer::next(std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    auto events = queue_->take(batch_bytes);
    while (events.empty() && !woken_ && std::chrono::steady_clock::now() < deadline) {
        signal_.expires_at(deadline);
        co_await signal_.async_wait(asio::as_tuple(asio::use_awaitable));
        events = queue_->take(batch_bytes);
    }
    woken_ = false;
    co_return events;
}

void answer::on_event() {
    if (queue_->overflowed()) cancel();
    signal_.cancel();
}

void answer::wake() {
    woken_ = true;
    signal_.cancel();
}

void answer::cancel() {
    for (const auto& one : generations_)
        one->cancel();
}

} // namespace tw::front
