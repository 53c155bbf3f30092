// From a host's name, or its number, to what may be dialled. Internal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

namespace tw::net {

// Numbers are not asked of the system, which may know only one of the two families. The pointers must outlive the call.
[[nodiscard]] boost::asio::awaitable<boost::system::error_code>
look_up(boost::asio::ip::tcp::resolver* resolver, std::string host, std::uint16_t port,
        std::vector<boost::asio::ip::tcp::endpoint>* found);

} // namespace tw::net
