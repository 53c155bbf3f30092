// One WebSocket after its handshake, the same at both ends: reading, writing, heartbeat, ending. Internal.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "net/byte_stream.hpp"
#include "net/outbox.hpp"

namespace tw::net {

// Only on the loop's thread or in its turn; lives until the last operation on it has ended.
class channel : public std::enable_shared_from_this<channel> {
  public:
    using web_socket = boost::beast::websocket::stream<byte_stream&, false>;

    channel(std::shared_ptr<byte_stream> stream, std::shared_ptr<outbox> out);

    // For the handshake, before run().
    [[nodiscard]] web_socket& socket() { return socket_; }

    // Opens the outbox, calls `started`, then `message` for each message, until the link ends. Why it
    // ended.
    [[nodiscard]] boost::asio::awaitable<error> run(std::function<void()> started,
                                                    std::function<void(std::string_view)> message);

  private:
    [[nodiscard]] boost::asio::awaitable<boost::system::error_code>
    read_all(std::function<void(std::string_view)> message);
    void wake();
    void pump();
    void begin_ending(const outbox::ending& how);
    void watch();
    void tick();
    void hang_up_within(std::chrono::milliseconds time);
    void give_up(error why);
    [[nodiscard]] bool is_over() const;
    [[nodiscard]] error explain(boost::system::error_code failed) const;

    const std::shared_ptr<byte_stream> stream_;
    const std::shared_ptr<outbox> out_;
    web_socket socket_;
    boost::beast::flat_buffer incoming_;
    std::string outgoing_; // what is being written
    boost::asio::steady_timer heartbeat_, deadline_;
    std::optional<error> why_; // set by this side; else the reason is what reading ended with
    bool writing_ = false, pinging_ = false, ending_ = false, farewell_ = false;
    bool spoke_ = true; // since the last tick
    std::size_t heard_ = 0; // bytes, at the last tick
    int missed_ = 0;
};

} // namespace tw::net
