// Two loops of read and write.
#include "net/byte_pipe.hpp"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/loop_thread.hpp"

namespace tw::net {

namespace asio = boost::asio;

namespace {
constexpr std::size_t buffer_bytes = 64U << 10U;
}

byte_pipe::byte_pipe(std::shared_ptr<pipe_end> near, std::shared_ptr<pipe_end> far,
                     std::function<void(const std::string&)> far_first)
    : near_(std::move(near)), far_(std::move(far)), far_first_(std::move(far_first)) {}

asio::awaitable<pipe_outcome> byte_pipe::run(std::shared_ptr<byte_pipe> self) {
    const auto loop = co_await asio::this_coro::executor;
    waiting_ = std::make_unique<asio::steady_timer>(loop, asio::steady_timer::time_point::max());
    asio::co_spawn(loop, inward(self), [self](const std::exception_ptr& problem) {
        log_exception("tunnel", problem);
        self->inward_over_ = true;
        self->waiting_->cancel();
    });
    co_await copy(true);
    while (!inward_over_) co_await waiting_->async_wait(asio::as_tuple(asio::use_awaitable));
    if (!broken_) {
        co_await near_->finish();
        co_await far_->finish();
    }
    close();
    pipe_outcome out;
    out.bytes = bytes_;
    out.why = near_->why().empty() ? far_->why() : near_->why();
    if (broken_ && out.why.empty()) out.why = "The tunnel was closed.";
    co_return out;
}

asio::awaitable<void> byte_pipe::inward(std::shared_ptr<byte_pipe> self) { co_await self->copy(false); }

asio::awaitable<void> byte_pipe::copy(bool outward) {
    auto& from = outward ? *near_ : *far_;
    auto& to = outward ? *far_ : *near_;
    std::vector<char> buffer(buffer_bytes);
    bool more = true;
    while (more) more = co_await pass(from, to, buffer);
}

/// One read and its write; false when this direction is over.
asio::awaitable<bool> byte_pipe::pass(pipe_end& from, pipe_end& to, std::vector<char>& buffer) {
    const asio::mutable_buffer into(buffer.data(), buffer.size());
    const auto got = co_await from.read(into);
    bool sound = got.what != pipe_end::got::broken;
    if (!sound || got.what == pipe_end::got::end) ended(from);
    if (got.what == pipe_end::got::bytes) {
        const asio::const_buffer bytes(buffer.data(), got.bytes);
        bytes_ += got.bytes;
        sound = co_await to.write(bytes);
        if (!sound) ended(to);
    } else if (got.what == pipe_end::got::end) {
        sound = co_await to.end();
        if (!sound) ended(to);
    }
    if (!sound) {
        broken_ = true;
        close();
    }
    co_return sound && got.what == pipe_end::got::bytes;
}

void byte_pipe::ended(const pipe_end& first) {
    if (first_ != nullptr) return;
    first_ = &first;
    if (first_ == far_.get() && far_first_) far_first_(far_->why());
}

void byte_pipe::close() {
    near_->close();
    far_->close();
}

} // namespace tw::net
