// The TLS handshake and socket options.
#include "net/byte_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/fingerprint.hpp"

namespace tw::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Tells the server which name is meant, and has the certificate compared with it.
void expect_name(SSL* connection, const std::string& name) {
    error_code no_number;
    asio::ip::make_address(name, no_number);
    if (!no_number) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), name.c_str());
        return;
    }
    SSL_set_tlsext_host_name(connection, name.c_str());
    SSL_set1_host(connection, name.c_str());
}

} // namespace

asio::awaitable<error_code> byte_stream::start_tls(asio::ssl::context& context, boost::beast::role_type role,
                                                   std::string server_name) {
    tls_.emplace(tcp_, context);
    if (!server_name.empty()) expect_name(tls_->native_handle(), server_name);
    const auto side = role == boost::beast::role_type::client ? asio::ssl::stream_base::client
                                                              : asio::ssl::stream_base::server;
    auto [failed] = co_await tls_->async_handshake(side, asio::as_tuple(asio::use_awaitable));
    co_return failed;
}

std::string byte_stream::certificate_fault() {
    const long found = tls_ ? SSL_get_verify_result(tls_->native_handle()) : X509_V_OK;
    return found == X509_V_OK ? std::string() : X509_verify_cert_error_string(found);
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
