// Blocking sockets with a time-out of 20 s.
#include "support/raw_client.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tw::test {
namespace {

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

} // namespace

raw_client::raw_client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("cannot connect");
}

raw_client::~raw_client() {
    ::close(socket_);
}

bool raw_client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool raw_client::more() {
    char block[16384];
    const auto got = ::recv(socket_, block, sizeof block, 0);
    if (got <= 0) return false;
    buffer_.append(block, static_cast<std::size_t>(got));
    return true;
}

std::string raw_client::read_until(std::string_view text) {
    while (buffer_.find(text) == std::string::npos)
        if (!more()) return std::exchange(buffer_, {});
    const auto end = buffer_.find(text) + text.size();
    auto out = buffer_.substr(0, end);
    buffer_.erase(0, end);
    return out;
}

std::string raw_client::read_to_end() {
    while (more()) {
    }
    return std::exchange(buffer_, {});
}

http_answer raw_client::read(bool has_body) {
    const auto head = read_until("\r\n\r\n");
    http_answer out;
    if (!head.starts_with("HTTP/1.1 ") || !head.ends_with("\r\n\r\n")) return out;
    out.status = std::stoi(head.substr(9, 3));
    for (auto line = head.find("\r\n") + 2; line + 2 < head.size();
         line = head.find("\r\n", line) + 2) {
        const auto colon = head.find(": ", line);
        out.headers[lower(head.substr(line, colon - line))] =
            head.substr(colon + 2, head.find("\r\n", line) - colon - 2);
    }
    if (!has_body || out.status == 204 || out.status == 100) return out;
    if (out.headers.contains("content-length")) {
        const auto size = std::stoul(out.headers["content-length"]);
        while (buffer_.size() < size && more()) {
        }
        out.body = buffer_.substr(0, size);
        buffer_.erase(0, size);
    } else if (out.headers.contains("transfer-encoding")) {
        while (true) {
            const auto line = read_until("\r\n");
            const auto size = line.empty() ? 0 : std::stoul(line, nullptr, 16);
            while (buffer_.size() < size + 2 && more()) {
            }
            out.body += buffer_.substr(0, size);
            buffer_.erase(0, size + 2);
            if (size == 0) break;
        }
    } else {
        out.body = read_to_end();
    }
    return out;
}

void raw_client::vanish() {
    const linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(std::exchange(socket_, -1));
}

std::string post(std::string_view path, std::string_view body, std::string_view headers) {
    return "POST " + std::string(path) +
           " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + std::string(headers) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string get(std::string_view path, std::string_view headers) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n";
}

} // namespace tw::test
