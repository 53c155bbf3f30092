// The rule against forged requests, for an address of Asio's. Internal.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

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

struct forbidden_endpoint {
    std::string address;
    std::string_view why; // as forbidden_address() has it
};

// Leaves those that may be dialled, for what an operator wrote. Where none is left, the last that may not.
[[nodiscard]] inline std::optional<forbidden_endpoint>
leave_out_forbidden(std::vector<boost::asio::ip::tcp::endpoint>& found, bool public_only) {
    const auto author = public_only ? url_author::stranger : url_author::operator_of_this_host;
    std::optional<forbidden_endpoint> last;
    std::erase_if(found, [&](const auto& each) {
        const auto why = forbidden(each.address(), author);
        if (!why.empty()) last = forbidden_endpoint{each.address().to_string(), why};
        return !why.empty();
    });
    return found.empty() ? last : std::nullopt;
}

} // namespace tw::net
