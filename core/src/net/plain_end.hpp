// The end of a pipe that is a TCP connection of another program. Internal.
#pragma once

#include <memory>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/pipe_end.hpp"

namespace tw::net {

class plain_end final : public pipe_end, public std::enable_shared_from_this<plain_end> {
  public:
    // `watched`: the other side is another machine, and one that has vanished must be noticed within seconds, also
    // while nothing is sent: see watch().
    plain_end(boost::asio::ip::tcp::socket socket, bool watched);

    [[nodiscard]] boost::asio::awaitable<read_result> read(boost::asio::mutable_buffer into) override;
    [[nodiscard]] boost::asio::awaitable<bool> write(boost::asio::const_buffer from) override;
    [[nodiscard]] boost::asio::awaitable<bool> end() override;
    [[nodiscard]] boost::asio::awaitable<void> finish() override;
    void close() override;

    // Only when `watched`; once, when the pipe begins.
    void watch();

  private:
    [[nodiscard]] bool has_vanished();

    boost::asio::ip::tcp::socket socket_;
    const bool watched_;
    boost::asio::steady_timer timer_;
};

} // namespace tw::net
