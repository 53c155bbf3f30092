// The system chooses it.
#include "net/free_port.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tw::net {

std::uint16_t free_port() {
    const auto found = kept_port::find();
    return found ? found->number() : std::uint16_t{0};
}

result<kept_port> kept_port::find() {
    kept_port out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (out.socket_ < 0 || ::bind(out.socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::getsockname(out.socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        return fail(code::unavailable, std::string("There is no free port on 127.0.0.1 (") + std::strerror(errno) + ").");
    const int yes = 1; // only now: the system is to choose a port that nobody shares
    ::setsockopt(out.socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    out.number_ = ntohs(address.sin_port);
    return out;
}

kept_port::~kept_port() {
    if (socket_ >= 0) ::close(socket_);
}

kept_port::kept_port(kept_port&& other) noexcept : socket_(std::exchange(other.socket_, -1)), number_(other.number_) {}

} // namespace tw::net
