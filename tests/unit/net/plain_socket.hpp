// A blocking TCP socket on loopback, and a server of them; the programs at the two ends of a tunnel.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace tw::test {

// Reads give up after 20 s.
class plain_socket {
  public:
    explicit plain_socket(int number) : number_(number) { be_patient(); }
    static plain_socket to(std::uint16_t port) {
        plain_socket out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        if (::connect(out.number_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) out.close();
        return out;
    }
    ~plain_socket() { close(); }
    plain_socket(plain_socket&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    plain_socket(const plain_socket&) = delete;
    plain_socket& operator=(const plain_socket&) = delete;
    plain_socket& operator=(plain_socket&&) = delete;

    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(number_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    // As many as the kernel takes now.
    std::size_t send_some(std::string_view bytes) {
        const auto sent = ::send(number_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return sent < 0 ? 0 : static_cast<std::size_t>(sent);
    }
    // Empty at the end, after a reset, or when nothing comes for 20 s.
    std::string read_some(std::size_t most = 65536) {
        std::string out(most, '\0');
        out.resize(read_into(out));
        return out;
    }
    // What is there; never waits.
    std::string read_now() {
        std::string out(65536, '\0');
        const auto got = ::recv(number_, out.data(), out.size(), MSG_DONTWAIT);
        out.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        return out;
    }
    // 0 for what read_some() says by an empty string.
    std::size_t read_into(std::string& buffer) {
        const auto got = ::recv(number_, buffer.data(), buffer.size(), 0);
        return got < 0 ? 0 : static_cast<std::size_t>(got);
    }
    std::string read_to_end() {
        std::string all;
        for (auto some = read_some(); !some.empty(); some = read_some()) all += some;
        return all;
    }
    std::string read_exactly(std::size_t count) {
        std::string all;
        while (all.size() < count) {
            const auto some = read_some(count - all.size());
            if (some.empty()) break;
            all += some;
        }
        return all;
    }
    void end() { ::shutdown(number_, SHUT_WR); }
    void close() {
        if (number_ >= 0) ::close(std::exchange(number_, -1));
    }

  private:
    void be_patient() const {
        const timeval patience{20, 0};
        ::setsockopt(number_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    int number_;
};

// Gives every connection to `serve`, each on a thread of its own.
class plain_server {
  public:
    explicit plain_server(std::function<void(plain_socket&)> serve)
        : serve_(std::move(serve)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size);
        ::listen(socket_, 16);
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        accepting_ = std::thread([this] {
            for (;;) {
                const int one = ::accept(socket_, nullptr, nullptr);
                if (one < 0) return;
                serving_.emplace_back([this, one] {
                    plain_socket socket(one);
                    serve_(socket);
                });
            }
        });
    }
    ~plain_server() {
        ::shutdown(socket_, SHUT_RDWR);
        accepting_.join();
        for (auto& one : serving_) one.join();
        ::close(socket_);
    }
    plain_server(const plain_server&) = delete;
    plain_server& operator=(const plain_server&) = delete;
    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    const std::function<void(plain_socket&)> serve_;
    const int socket_;
    std::uint16_t port_ = 0;
    std::thread accepting_;
    std::vector<std::thread> serving_;
};

} // namespace tw::test
