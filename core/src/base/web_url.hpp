// The URL of an HTTP server, taken apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tw::net {

// The parts of an http:// or https:// URL. The host is without brackets and in lower case; the target begins with
// "/" and holds the query.
struct web_url {
    bool tls = false;
    std::string host;
    std::uint16_t port = 80;
    std::string target = "/";

    // "https://host:port", the port always.
    [[nodiscard]] std::string origin() const;
    // The Host header: without the scheme's own port.
    [[nodiscard]] std::string authority() const;
};

// At most 8 KiB, no user name, no fragment, no control character or space. Any thread.
[[nodiscard]] result<web_url> parse_web_url(std::string_view text);

} // namespace tw::net
