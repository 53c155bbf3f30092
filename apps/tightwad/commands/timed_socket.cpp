// poll() before every step.
#include "commands/timed_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/error.hpp>

namespace tw::cli {
namespace {

using boost::system::error_code;
using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

// How soon an interruption is noticed that came just before poll().
constexpr milliseconds slice{200};

error_code last_error() { return {errno, boost::system::system_category()}; }

} // namespace

timed_socket::~timed_socket() {
    if (fd_ >= 0) ::close(fd_);
}

error_code timed_socket::wait(short events) {
    const auto deadline = clock::now() + patience_;
    for (;;) {
        if (stop_ && stop_()) return boost::asio::error::operation_aborted;
        const auto left = std::chrono::ceil<milliseconds>(deadline - clock::now());
        if (left.count() <= 0) return boost::asio::error::timed_out;
        pollfd one{fd_, events, 0};
        const int ready = ::poll(&one, 1, static_cast<int>(std::min(left, slice).count()));
        if (ready > 0) return {};
        if (ready < 0 && errno != EINTR) return last_error();
    }
}

error_code timed_socket::connect(const std::string& host, unsigned short port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
        return boost::asio::error::host_not_found;
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    error_code failed = boost::asio::error::host_not_found;
    for (const auto* one = found; one != nullptr; one = one->ai_next) {
        if (fd_ >= 0) ::close(fd_);
        fd_ = ::socket(one->ai_family, one->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, one->ai_protocol);
        if (fd_ < 0) {
            failed = last_error();
            continue;
        }
        if (::connect(fd_, one->ai_addr, one->ai_addrlen) == 0) return {};
        failed = last_error();
        if (errno != EINPROGRESS) continue;
        failed = wait(POLLOUT);
        if (failed) continue;
        int outcome = 0;
        socklen_t size = sizeof outcome;
        ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &outcome, &size);
        failed = {outcome, boost::system::system_category()};
        if (!failed) return {};
    }
    return failed;
}

std::size_t timed_socket::receive(void* data, std::size_t size, error_code& ec) {
    for (;;) {
        const auto n = ::recv(fd_, data, size, 0);
        if (n > 0) {
            ec.clear();
            return static_cast<std::size_t>(n);
        }
        if (n == 0) ec = boost::asio::error::eof;
        else if (errno == EAGAIN || errno == EINTR) {
            ec = wait(POLLIN);
            if (!ec) continue;
        } else ec = last_error();
        return 0;
    }
}

std::size_t timed_socket::transmit(const void* data, std::size_t size, error_code& ec) {
    for (;;) {
        const auto n = ::send(fd_, data, size, MSG_NOSIGNAL);
        if (n >= 0) {
            ec.clear();
            return static_cast<std::size_t>(n);
        }
        if (errno == EAGAIN || errno == EINTR) {
            ec = wait(POLLOUT);
            if (!ec) continue;
        } else ec = last_error();
        return 0;
    }
}

} // namespace tw::cli
