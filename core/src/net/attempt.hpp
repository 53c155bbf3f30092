// One attempt of a connection: name, TCP, TLS, token, WebSocket. Internal.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "net/channel.hpp"
#include "net/connection.hpp"
#include "net/session_path.hpp"

namespace tw::net {

// Only on the loop's thread. Destroyed when none of its functions is running.
class attempt {
  public:
    attempt(const boost::asio::any_io_executor& loop, const connection_options& options,
            boost::asio::ssl::context& tls, std::shared_ptr<outbox> out, std::string path = session_path);

    // None: the channel is ready to run. Else why not.
    [[nodiscard]] boost::asio::awaitable<std::optional<error>> connect();
    // As far as TLS: requests may be sent over the stream, which still has the deadline of connecting.
    [[nodiscard]] boost::asio::awaitable<std::optional<error>> reach();
    [[nodiscard]] const std::shared_ptr<channel>& made() const { return channel_; }
    [[nodiscard]] const std::shared_ptr<byte_stream>& stream() const { return stream_; }

    // connect() or reach() ends with an error.
    void cancel();

  private:
    [[nodiscard]] boost::asio::awaitable<std::optional<error>> secure();
    [[nodiscard]] boost::asio::awaitable<std::optional<error>> upgrade();

    const connection_options& options_;
    boost::asio::ssl::context& tls_;
    const std::shared_ptr<outbox> out_;
    const std::string path_;
    boost::asio::ip::tcp::resolver resolver_;
    const std::shared_ptr<byte_stream> stream_;
    std::shared_ptr<channel> channel_;
    bool cancelled_ = false;
};

} // namespace tw::net
