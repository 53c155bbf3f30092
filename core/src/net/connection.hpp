// The calling end of the link to another machine: connects, stays connected, carries opaque messages.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/peer_address.hpp"
#include "net/link_limits.hpp"

namespace tw::net {

struct connection_options {
    peer_address peer;
    std::string token;       // bearer; empty = none is sent
    std::string fingerprint; // of the peer's certificate (see identity.hpp); with TLS and only then
    link_limits limits{};
    bool public_only = false; // loopback and private addresses are not dialled either, as url_author::stranger has it
    // For TCP, TLS and WebSocket together. To look a name up takes what the system allows.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds{5};
    // Before the next attempt; doubles with each, shortened by up to a half at random. A link that stood
    // for a second makes it begin anew.
    std::chrono::milliseconds first_retry{50}, longest_retry{5000};
};

// All are called on the connection's own thread, one at a time, and must not block; none may be null.
struct connection_events {
    // The link stands. What it sends can be preceded by what another thread sends at that moment.
    std::function<void()> up;
    // The link was lost, or an attempt failed: a full sentence that names the peer. Codes: denied (token,
    // fingerprint), not_found (name), timed_out, unsupported (something else answers), busy (a full queue
    // here or a full peer), invalid_argument (a message over the limit), unavailable. A new attempt follows
    // in any case.
    std::function<void(const error&)> down;
    // The bytes are valid during the call.
    std::function<void(std::string_view)> message;
};

// TLS without a fingerprint or a fingerprint without TLS, a fingerprint or token that cannot be one.
[[nodiscard]] result<void> check_options(const connection_options& options);

class connection {
  public:
    // Begins to connect and returns. Errors: those of check_options().
    [[nodiscard]] static result<std::unique_ptr<connection>> open(connection_options options,
                                                                  connection_events events);

    // Says farewell, for half a second at most, and waits for the thread: no event comes afterwards. Not
    // from an event. While a name is looked up it waits for that too, which the system limits.
    ~connection();
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    // One message to the peer, in order, at most once. Any thread, events included; never blocks. False:
    // dropped, the link is down or this message broke a limit of `limits` (the link then goes down and says
    // so). True is no promise: what waits when the link is lost is dropped as well.
    bool send(std::string message);

    // Ends the link after what waits has been sent; the peer reads `why` (at most 123 bytes of it). down()
    // comes, and a new attempt follows. Any thread, events included.
    void drop(std::string why);

    [[nodiscard]] bool is_up() const; // any thread

  private:
    struct impl;
    explicit connection(std::unique_ptr<impl> state);
    std::unique_ptr<impl> impl_;
};

} // namespace tw::net
