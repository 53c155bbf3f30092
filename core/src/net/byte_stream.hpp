// A TCP connection with or without TLS over it, as one type, so that Beast is instantiated once. Internal.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/rate_policy.hpp>
#include <boost/beast/websocket/teardown.hpp>

namespace tw::net {

// Counts what has come from the other side; limits nothing. Beast's RatePolicy.
class received_bytes {
  public:
    [[nodiscard]] std::size_t count() const { return count_; }

  private:
    friend class boost::beast::rate_policy_access;
    static std::size_t available_read_bytes() { return std::numeric_limits<std::size_t>::max(); }
    static std::size_t available_write_bytes() { return std::numeric_limits<std::size_t>::max(); }
    void transfer_read_bytes(std::size_t n) { count_ += n; }
    static void transfer_write_bytes(std::size_t) {}
    static void on_timer() {}

    std::size_t count_ = 0;
};

// Beast's AsyncStream. Only on the loop's thread or in its turn.
class byte_stream {
  public:
    using next_layer_type =
        boost::beast::basic_stream<boost::asio::ip::tcp, boost::asio::any_io_executor, received_bytes>;
    using executor_type = next_layer_type::executor_type;

    explicit byte_stream(const boost::asio::any_io_executor& loop) : tcp_(loop) {}
    explicit byte_stream(boost::asio::ip::tcp::socket socket) : tcp_(std::move(socket)) {}

    // From here on everything is encrypted. The context must outlive this. With a `server_name`, a name or an IP
    // address, the certificate must be made out for it, if the context checks certificates at all.
    [[nodiscard]] boost::asio::awaitable<boost::system::error_code> start_tls(boost::asio::ssl::context& context,
                                                                              boost::beast::role_type role,
                                                                              std::string server_name = {});
    // What is wrong with the other side's certificate, in OpenSSL's words; empty = nothing, or it was not checked.
    [[nodiscard]] std::string certificate_fault();
    // Of the certificate that the other side has shown; empty when there is none.
    [[nodiscard]] std::string peer_fingerprint();

    // So far, encrypted or not.
    [[nodiscard]] std::size_t received() const { return tcp_.rate_policy().count(); }
    // Small messages leave at once.
    void no_delay();
    // Nothing more is written, and the other side is told; only for a plain answer's end.
    void finish_writing();
    // At once; whatever is under way ends with an error.
    void close() { tcp_.close(); }

    [[nodiscard]] executor_type get_executor() { return tcp_.get_executor(); }
    [[nodiscard]] next_layer_type& next_layer() { return tcp_; }
    [[nodiscard]] const next_layer_type& next_layer() const { return tcp_; }

    template <class Buffers, class Token> auto async_read_some(const Buffers& buffers, Token&& token) {
        using signature = void(boost::system::error_code, std::size_t);
        return boost::asio::async_initiate<Token, signature>(
            [this](auto handler, const Buffers& into) {
                if (tls_) tls_->async_read_some(into, std::move(handler));
                else tcp_.async_read_some(into, std::move(handler));
            },
            token, buffers);
    }
    template <class Buffers, class Token> auto async_write_some(const Buffers& buffers, Token&& token) {
        using signature = void(boost::system::error_code, std::size_t);
        return boost::asio::async_initiate<Token, signature>(
            [this](auto handler, const Buffers& from) {
                if (tls_) tls_->async_write_some(from, std::move(handler));
                else tcp_.async_write_some(from, std::move(handler));
            },
            token, buffers);
    }

    // Beast's hook for the end of a WebSocket: TCP's orderly end will do, the close frames were exchanged.
    template <class Handler>
    friend void async_teardown(boost::beast::role_type role, byte_stream& stream, Handler&& handler) {
        using boost::beast::websocket::async_teardown;
        async_teardown(role, stream.tcp_.socket(), std::forward<Handler>(handler));
    }

  private:
    next_layer_type tcp_;
    std::optional<boost::asio::ssl::stream<next_layer_type&>> tls_;
};

} // namespace tw::net
