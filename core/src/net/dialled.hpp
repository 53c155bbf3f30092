// The rule against forged requests, for an address of Asio's. Internal.
#pragma once

#include <string_view>

#include <boost/asio/ip/address.hpp>

#include "net/url_guard.hpp"

namespace tw::net {

// As forbidden_address() has it.
[[nodiscard]] inline std::string_view forbidden(const boost::asio::ip::address& address, url_author author) {
    if (address.is_v4()) {
        const auto bytes = address.to_v4().to_bytes();
        return forbidden_address(bytes, author);
    }
    const auto bytes = address.to_v6().to_bytes();
    return forbidden_address(bytes, author);
}

} // namespace tw::net
