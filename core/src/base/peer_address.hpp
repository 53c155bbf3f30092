// Where another Tightwad machine listens: tw://host[:port], or tws:// when the bytes are encrypted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tw::net {

inline constexpr std::uint16_t default_peer_port = 9191;

struct peer_address {
    std::string host; // a name, or an IP address without brackets
    std::uint16_t port = default_peer_port;
    bool tls = false;

    // As it is written: "tws://[::1]:9191", always with the port.
    [[nodiscard]] std::string url() const;
    bool operator==(const peer_address&) const = default;
};

// "tw://host", "tws://192.168.1.20:9191", "tw://[fe80::1]:9191". Anything else (no scheme, a path, a user
// name, a port outside 1 … 65535, more than 300 characters) is an error that shows the right form.
[[nodiscard]] result<peer_address> parse_peer_address(std::string_view text);

} // namespace tw::net
