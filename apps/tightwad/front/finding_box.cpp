// From the pipeline's threads to the loop's.
#include "front/finding_box.hpp"

#include <functional>
#include <mutex>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "front/on_loop.hpp"

namespace tw::front {

namespace asio = boost::asio;

/// Any thread.
struct finding_box::mail {
    std::mutex mutex;
    std::function<void()> wake; // empty = nobody waits any more
    std::optional<result<finding>> found;
    std::shared_ptr<generation> running;

    void put(result<finding> what) {
        const std::lock_guard lock(mutex);
        if (!wake) return;
        found = std::move(what);
        wake();
    }
    void hold(std::shared_ptr<generation> what) {
        {
            const std::lock_guard lock(mutex);
            if (wake) {
                running = std::move(what);
                return;
            }
        }
        what->cancel();
    }
    bool closed() {
        const std::lock_guard lock(mutex);
        return !wake;
    }
    std::optional<result<finding>> take() {
        const std::lock_guard lock(mutex);
        return std::exchange(found, std::nullopt);
    }
    void close() {
        std::shared_ptr<generation> stopped;
        {
            const std::lock_guard lock(mutex);
            wake = nullptr;
            stopped = std::move(running);
        }
        if (stopped) stopped->cancel();
    }
};

finding_box::finding_box(asio::any_io_executor loop)
    : loop_(std::move(loop)), signal_(loop_), mail_(std::make_shared<mail>()) {}

finding_box::~finding_box() { mail_->close(); }

void finding_box::ask(asio::thread_pool& asking, std::shared_ptr<tw::pipeline> pipeline, question what) {
    mail_->wake = on_loop(loop_, weak_from_this(), [](finding_box& self) { self.signal_.cancel(); });
    asio::post(asking, [mail = mail_, pipeline = std::move(pipeline), what = std::move(what)]() mutable {
        if (mail->closed()) return;
        auto begun = pipeline->ask(std::move(what), [mail](result<finding> found) { mail->put(std::move(found)); });
        if (begun) mail->hold(std::move(*begun));
        else mail->put(begun.error());
    });
}

asio::awaitable<std::optional<result<finding>>> finding_box::wait() {
    auto found = mail_->take();
    while (!found && !given_up_) {
        signal_.expires_at(std::chrono::steady_clock::time_point::max());
        co_await signal_.async_wait(asio::as_tuple(asio::use_awaitable));
        found = mail_->take();
    }
    co_return found;
}

void finding_box::give_up() {
    given_up_ = true;
    mail_->close();
    signal_.cancel();
}

} // namespace tw::front
