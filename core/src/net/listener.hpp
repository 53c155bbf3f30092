// The answering side: one port for the links of many machines and for small management requests.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/peer_address.hpp"
#include "net/identity.hpp"
#include "net/link_limits.hpp"
#include "net/session.hpp"

namespace tw::net {

struct listener_options {
    std::string host = "127.0.0.1";
    std::uint16_t port = default_peer_port; // 0 = any free one
    std::optional<std::string> token{};     // asked for by everything but GET /health
    std::optional<identity> tls{};          // none = plain
    link_limits limits{};
    std::size_t max_connections = 64; // more are answered 503, and beyond twice as many closed at once
    std::size_t max_header_bytes = 8U << 10U;
    std::size_t max_body_bytes = 64U << 10U;
    // For the TLS handshake, and for a request from its first byte to its last, its answer likewise.
    std::chrono::milliseconds request_timeout = std::chrono::seconds{5};
    std::chrono::milliseconds idle_timeout = std::chrono::seconds{30}; // between two requests
};

struct http_request {
    std::string method; // GET or POST
    std::string target; // path and query, as sent
    std::string body;
};

struct http_reply {
    unsigned status = 200;
    std::string body; // JSON
};

// Called on the listener's thread, one at a time, and must not block; only `http` may be null.
struct listener_events {
    std::function<void(const std::shared_ptr<session>&)> opened;
    std::function<void(session&, std::string_view)> message; // the bytes are valid during the call
    // After the last message, once for each that was opened; the sentence says why.
    std::function<void(session&, const error&)> closed;
    // Any other GET or POST with the right token. Called on a second thread, one request at a time, so it
    // may take its time. An exception is answered 500.
    std::function<http_reply(const http_request&)> http{};
};

// GET /health answers {"status":"up"} to all; GET /v1/peer/session with the token becomes a link.
class listener {
  public:
    // Listens and serves on threads of its own. Errors: an address that is not this machine's or is taken,
    // an address other machines can reach while no token is set, an empty token, an unreadable identity.
    [[nodiscard]] static result<std::unique_ptr<listener>> open(listener_options options, listener_events events);

    // Says farewell to all, for half a second at most, and waits for its threads, a running `http`
    // included: no event comes afterwards. Not from an event.
    ~listener();
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    // Links that stand, and connections in any state. Any thread.
    [[nodiscard]] std::size_t sessions() const;
    [[nodiscard]] std::size_t connections() const;

  private:
    struct impl;
    explicit listener(std::unique_ptr<impl> state);
    std::unique_ptr<impl> impl_;
};

} // namespace tw::net
