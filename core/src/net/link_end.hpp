// The end of a pipe that is a WebSocket to another machine: binary messages are bytes, an empty one is the end of a
// direction. Internal.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "net/byte_stream.hpp"
#include "net/channel.hpp"
#include "net/pipe_end.hpp"

namespace tw::net {

class link_end final : public pipe_end, public std::enable_shared_from_this<link_end> {
  public:
    // After the handshake. `link` is used for its socket alone: never run.
    link_end(std::shared_ptr<byte_stream> stream, std::shared_ptr<channel> link,
             std::chrono::milliseconds ping_interval);

    [[nodiscard]] boost::asio::awaitable<read_result> read(boost::asio::mutable_buffer into) override;
    [[nodiscard]] boost::asio::awaitable<bool> write(boost::asio::const_buffer from) override;
    [[nodiscard]] boost::asio::awaitable<bool> end() override;
    [[nodiscard]] boost::asio::awaitable<void> finish() override;
    void close() override;

    // Says farewell with that reason, of which 120 bytes pass, and is broken for it; takes half a second at the most.
    [[nodiscard]] boost::asio::awaitable<void> end_because(std::string why);

  private:
    [[nodiscard]] static boost::asio::awaitable<void> drain(std::shared_ptr<link_end> self);
    void watch();
    void tick();
    void close_within(std::chrono::milliseconds time);

    const std::shared_ptr<byte_stream> stream_;
    const std::shared_ptr<channel> link_;
    const std::chrono::milliseconds ping_interval_;
    boost::asio::steady_timer heartbeat_, deadline_;
    std::size_t in_message_ = 0; // bytes so far
    std::size_t heard_ = 0;      // bytes, at the last tick
    int missed_ = 0;
    bool watching_ = false, reading_ = false, pinging_ = false, finishing_ = false;
};

} // namespace tw::net
