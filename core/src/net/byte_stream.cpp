// The TLS handshake and socket options.
#include "net/byte_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/fingerprint.hpp"

namespace tw::net {

namespace asio = boost::asio;
using boost::system::error_code;

asio::awaitable<error_code> byte_stream::start_tls(asio::ssl::context& context, boost::beast::role_type role) {
    tls_.emplace(tcp_, context);
    const auto side = role == boost::beast::role_type::client ? asio::ssl::stream_base::client
                                                              : asio::ssl::stream_base::server;
    auto [failed] = co_await tls_->async_handshake(side, asio::as_tuple(asio::use_awaitable));
    co_return failed;
}

std::string byte_stream::peer_fingerprint() {
    auto* certificate = tls_ ? SSL_get0_peer_certificate(tls_->native_handle()) : nullptr;
    return certificate != nullptr ? fingerprint_of(certificate) : std::string{};
}

void byte_stream::no_delay() {
    error_code ignored;
    tcp_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
}

void byte_stream::finish_writing() {
    error_code ignored;
    tcp_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

} // namespace tw::net
