// TCP as it is, with the kernel's own signs that a machine is gone.
#include "net/plain_end.hpp"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace tw::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr unsigned silent_ms = 3500;

} // namespace

plain_end::plain_end(asio::ip::tcp::socket socket, bool watched)
    : socket_(std::move(socket)), watched_(watched), timer_(socket_.get_executor()) {
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    if (!watched_) return;
    socket_.set_option(asio::socket_base::keep_alive(true), ignored);
    const int one = 1, three = 3; // seconds and probes: an idle connection is given up after 4 s
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_KEEPIDLE, &one, sizeof one);
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_KEEPINTVL, &one, sizeof one);
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_KEEPCNT, &three, sizeof three);
}

asio::awaitable<pipe_end::read_result> plain_end::read(asio::mutable_buffer into) {
    auto [failed, bytes] = co_await socket_.async_read_some(into, token);
    if (bytes > 0) co_return read_result{got::bytes, bytes};
    if (failed == asio::error::eof) co_return read_result{got::end, 0};
    if (failed) broke("The connection broke (" + failed.message() + ").");
    co_return read_result{got::broken, 0};
}

asio::awaitable<bool> plain_end::write(asio::const_buffer from) {
    auto [failed, bytes] = co_await asio::async_write(socket_, from, token);
    if (failed) broke("The connection broke (" + failed.message() + ").");
    co_return !failed;
}

asio::awaitable<bool> plain_end::end() {
    error_code failed;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, failed);
    // Not connected any more: the other side has closed both directions, and has had everything.
    co_return !failed || failed == asio::error::not_connected;
}

asio::awaitable<void> plain_end::finish() { co_return; }

void plain_end::close() {
    error_code ignored;
    timer_.cancel();
    socket_.close(ignored);
}

// TCP_USER_TIMEOUT would also give up a machine that answers but is busy, so the acknowledgements are watched instead:
// bytes that were sent, and no sign of life.
bool plain_end::has_vanished() {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
    return info.tcpi_unacked > 0 && info.tcpi_last_ack_recv > silent_ms && info.tcpi_last_data_recv > silent_ms;
}

void plain_end::watch() {
    if (!watched_ || !socket_.is_open()) return;
    timer_.expires_after(std::chrono::milliseconds{500});
    timer_.async_wait([self = shared_from_this()](error_code stopped) {
        if (stopped || !self->socket_.is_open()) return;
        if (self->has_vanished()) {
            self->broke("The other machine does not answer any more.");
            self->close();
        } else self->watch();
    });
}

} // namespace tw::net
