// A number is its own answer; a name is the system's to resolve.
#include "net/look_up.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tw::net {

namespace asio = boost::asio;
using boost::system::error_code;

asio::awaitable<error_code> look_up(asio::ip::tcp::resolver* resolver, std::string host, std::uint16_t port,
                                    std::vector<asio::ip::tcp::endpoint>* found) {
    error_code failed;
    const auto number = asio::ip::make_address(host, failed);
    if (!failed) {
        found->emplace_back(number, port);
        co_return failed;
    }
    const auto service = std::to_string(port);
    auto [problem, entries] = co_await resolver->async_resolve(host, service, asio::as_tuple(asio::use_awaitable));
    for (const auto& entry : entries) found->push_back(entry.endpoint());
    co_return problem;
}

} // namespace tw::net
