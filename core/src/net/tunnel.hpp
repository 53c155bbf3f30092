// The calling end of tunnels: a port on loopback whose connections come out at a port of another machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "net/connection.hpp"

namespace tw::net {

// The path of a tunnel at a peer's listener. `device` (letters, digits and any of "_-.,"; may be empty): an
// rpc-server is started there when none runs on that port.
[[nodiscard]] std::string tunnel_to(std::uint16_t port, const std::string& device);

struct tunnel_options {
    std::string name; // of what is at the other end, as the subject of sentences: "The worker attic:50052"
    // Through the listener of this peer, which checks token and path. None: straight to `direct`, unprotected.
    std::optional<connection_options> peer{};
    std::string path{}; // as tunnel_to() makes it
    std::string direct_host{};
    std::uint16_t direct_port = 0;
    bool public_only = false; // of `direct`, as connection_options has it
    std::chrono::milliseconds connect_timeout = std::chrono::seconds{5}; // of `direct`
    std::chrono::milliseconds ping_interval = std::chrono::seconds{1};   // dead after three without a byte
};

struct tunnel_events {
    // The other end was not reached, or was the first to end a connection (code::cancelled where it did so in order): a
    // full sentence that names it. Called on the tunnel's own thread, before the program on this side can notice; must
    // not block for long. May be null.
    std::function<void(const error&)> lost;
};

class tunnel {
  public:
    // Listens on 127.0.0.1; the other end is reached for when somebody connects. Errors: as connection::open() of
    // the peer's address, token and fingerprint; no free port.
    [[nodiscard]] static result<std::unique_ptr<tunnel>> open(tunnel_options options, tunnel_events events);
    ~tunnel(); // cuts what is open; no event comes afterwards. Not from an event.
    tunnel(const tunnel&) = delete;
    tunnel& operator=(const tunnel&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::uint64_t bytes() const; // carried by connections that have ended, both ways. Any thread

  private:
    struct impl;
    explicit tunnel(std::unique_ptr<impl> state);
    std::unique_ptr<impl> impl_;
};

} // namespace tw::net
