// A port of loopback at which nothing listens, for a program that must be told which, or for nobody at all. Below those that
// the system gives to whoever asks for any (32768 and up), so that no test beside this one is given it.
#pragma once

#include <atomic>
#include <cstdint>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tw::test {

[[nodiscard]] inline std::uint16_t free_port() {
    constexpr unsigned first = 10'000, count = 22'400, each = 16; // processes that run at once begin at places of their own
    static std::atomic<unsigned> next{static_cast<unsigned>(::getpid()) * each};
    for (unsigned tried = 0; tried < count; ++tried) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(static_cast<std::uint16_t>(first + next++ % count));
        const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const bool free = ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        ::close(probe);
        if (free) return ntohs(address.sin_port);
    }
    throw std::runtime_error("no port from 10000 to 32399 is free on 127.0.0.1");
}

} // namespace tw::test
