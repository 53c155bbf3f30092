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
    // A tunnel gives a sign of life so often; after three of them without a byte from the other side it is cut.
    std::chrono::milliseconds tunnel_ping = std::chrono::seconds{1};
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

// Where a tunnel leads.
struct tunnel_answer {
    std::uint16_t port = 0; // on 127.0.0.1 of this machine; 0 = refused
    http_reply refusal{};   // what is answered then
    // Why what listens there cannot answer, a sentence of at most 120 bytes that ends the tunnel; empty = it can. Asked at
    // every `tunnel_ping` on the listener's thread, and must not block. May be null.
    std::function<std::string()> fault{};
};

// Called on the listener's thread, one at a time, and must not block; only `http` and `tunnel` may be null.
struct listener_events {
    std::function<void(const std::shared_ptr<session>&)> opened;
    std::function<void(session&, std::string_view)> message; // the bytes are valid during the call
    // After the last message, once for each that was opened; the sentence says why.
    std::function<void(session&, const error&)> closed;
    // Any other GET or POST with the right token. Called on a second thread, one request at a time, so it
    // may take its time. An exception is answered 500.
    std::function<http_reply(const http_request&)> http{};
    // Whether the bytes of a WebSocket at `target`, which begins with tunnel_path, may go to a port of this machine.
    // Called as `http` is, with the right token only. Null: there are no tunnels.
    std::function<tunnel_answer(const std::string& target)> tunnel{};
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
