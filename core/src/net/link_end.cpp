// Messages in and out, with a heartbeat that knows when this side itself does not read.
#include "net/link_end.hpp"

#include <array>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/text.hpp"
#include "net/loop_thread.hpp"

namespace tw::net {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

namespace {

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr int most_missed = 3;
constexpr std::chrono::milliseconds farewell_time{500};
constexpr std::size_t most_reason = 120; // a close frame has room for 123 bytes

// Beast has checked that it is UTF-8.
std::string farewell_of(const websocket::close_reason& said) {
    if (said.code == websocket::close_code::try_again_later && !said.reason.empty()) return said.reason.c_str();
    return "The other machine closed the tunnel.";
}

} // namespace

link_end::link_end(std::shared_ptr<byte_stream> stream, std::shared_ptr<channel> link,
                   std::chrono::milliseconds ping_interval)
    : stream_(std::move(stream)), link_(std::move(link)), ping_interval_(ping_interval),
      heartbeat_(stream_->get_executor()), deadline_(stream_->get_executor()) {
    auto& socket = link_->socket();
    socket.binary(true);
    socket.auto_fragment(false);
    socket.write_buffer_bytes(64U << 10U); // what a client masks at a time
    socket.read_message_max(1U << 20U);
}

asio::awaitable<pipe_end::read_result> link_end::read(asio::mutable_buffer into) {
    if (!std::exchange(watching_, true)) watch();
    auto& socket = link_->socket();
    for (;;) {
        reading_ = true;
        auto [failed, bytes] = co_await socket.async_read_some(into, token);
        reading_ = false;
        if (failed) {
            broke(failed == websocket::error::closed ? farewell_of(socket.reason())
                                                     : "The tunnel broke (" + failed.message() + ").");
            co_return read_result{got::broken, 0};
        }
        in_message_ += bytes;
        const bool empty = socket.is_message_done() && in_message_ == 0;
        if (socket.is_message_done()) in_message_ = 0;
        if (bytes > 0) co_return read_result{got::bytes, bytes};
        if (empty) break;
    }
    // The link is still to be heard, or nobody would notice that it is gone while this side sends.
    const auto loop = co_await asio::this_coro::executor;
    asio::co_spawn(loop, drain(shared_from_this()),
                   [](const std::exception_ptr& problem) { log_exception("tunnel", problem); });
    co_return read_result{got::end, 0};
}

asio::awaitable<void> link_end::drain(std::shared_ptr<link_end> self) {
    std::array<char, 256> bytes{};
    for (;;) {
        self->reading_ = true;
        const asio::mutable_buffer into(bytes.data(), bytes.size());
        auto [failed, count] = co_await self->link_->socket().async_read_some(into, token);
        self->reading_ = false;
        if (!failed && count == 0) continue;
        if (!self->finishing_) {
            // A farewell is no fault: the other side has had our end before it says so.
            if (failed != websocket::error::closed) self->broke("The tunnel broke after its end.");
            self->close();
        }
        co_return;
    }
}

asio::awaitable<bool> link_end::write(asio::const_buffer from) {
    auto [failed, bytes] = co_await link_->socket().async_write(from, token);
    if (failed) broke("The tunnel broke (" + failed.message() + ").");
    co_return !failed;
}

asio::awaitable<bool> link_end::end() {
    const asio::const_buffer nothing(nullptr, 0);
    auto [failed, bytes] = co_await link_->socket().async_write(nothing, token);
    if (failed) broke("The tunnel broke (" + failed.message() + ").");
    co_return !failed;
}

asio::awaitable<void> link_end::finish() {
    finishing_ = true;
    close_within(farewell_time);
    const websocket::close_reason reason(websocket::close_code::normal);
    auto [failed] = co_await link_->socket().async_close(reason, token);
    static_cast<void>(failed); // the other side may have been faster
}

asio::awaitable<void> link_end::end_because(std::string why) {
    finishing_ = true;
    close_within(farewell_time);
    const websocket::close_reason reason(websocket::close_code::try_again_later, cut_utf8(why, most_reason));
    broke(std::move(why));
    auto [failed] = co_await link_->socket().async_close(reason, token);
    static_cast<void>(failed); // the other side may have been faster
}

void link_end::close() {
    heartbeat_.cancel();
    deadline_.cancel();
    stream_->close();
}

void link_end::close_within(std::chrono::milliseconds time) {
    deadline_.expires_after(time);
    deadline_.async_wait([self = shared_from_this()](error_code stopped) {
        if (!stopped) self->stream_->close();
    });
}

void link_end::watch() {
    heartbeat_.expires_after(ping_interval_);
    heartbeat_.async_wait([self = shared_from_this()](error_code stopped) {
        if (!stopped) self->tick();
    });
}

void link_end::tick() {
    if (!stream_->next_layer().socket().is_open()) return;
    // While nothing is read here, for the program behind takes nothing, silence means nothing.
    const bool heard = std::exchange(heard_, stream_->received()) != stream_->received();
    missed_ = heard || !reading_ ? 0 : missed_ + 1;
    if (missed_ >= most_missed) {
        broke("The other machine has been silent for " + std::to_string((ping_interval_ * missed_).count()) + " ms.");
        return close();
    }
    if (!pinging_ && !finishing_) {
        pinging_ = true;
        // Not a ping: to answer one, Beast's read waits for a write that may be stuck behind a program that does not take
        // its bytes, and then hears nothing more. A pong nobody asked for is a sign of life as well (RFC 6455, 5.5.3).
        link_->socket().async_pong({}, [self = shared_from_this()](error_code) { self->pinging_ = false; });
    }
    watch();
}

} // namespace tw::net
