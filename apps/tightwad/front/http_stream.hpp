// One TCP connection as a sequence of HTTP requests, every step with its own time limit.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "front/http_types.hpp"
#include "front/server.hpp"

namespace tw::front {

/// Nothing more comes: the peer closed, was silent between requests, or vanished.
struct peer_closed {};

/// One coroutine uses it at a time; the server's thread alone.
class http_stream {
  public:
    http_stream(boost::asio::ip::tcp::socket socket, const server_options& options);

    /// The next request's head, or the reply to something that is none (after which to close).
    [[nodiscard]] boost::asio::awaitable<std::variant<peer_closed, request_head, reply>>
    read_head();

    /// After read_head: whether bytes of a body are still to be read.
    [[nodiscard]] bool has_body() const { return !parser_->is_done(); }

    [[nodiscard]] boost::asio::awaitable<std::variant<peer_closed, std::string, reply>> read_body();

    /// False when the peer is gone or took nothing for write_timeout; the socket is closed then.
    [[nodiscard]] boost::asio::awaitable<bool> write(std::string bytes);

    /// Notices that the peer closes while nobody reads, and calls `gone`, once at most. What a peer
    /// sends ahead stays for the next read_head; past 16 KiB of it nothing is noticed. Keeps
    /// `owner`.
    void watch(std::shared_ptr<void> owner, std::function<void()> gone);
    [[nodiscard]] boost::asio::awaitable<void> stop_watching();

    /// Ends a read_head in which no byte came yet.
    void interrupt_idle();

    /// Says that nothing more comes, then takes in for a second what the peer still sends: a socket
    /// closed over unread bytes resets the connection, and the reply could be lost with it.
    [[nodiscard]] boost::asio::awaitable<void> close_gracefully();

    /// At once, so that the peer cannot take what it has for the whole.
    void reset();

    /// At once; whatever is pending fails.
    void close();

  private:
    void arm(std::chrono::milliseconds limit);
    bool disarm(); // true when the limit had passed
    [[nodiscard]] reply refusal(boost::beast::error_code ec, bool expired) const;
    [[nodiscard]] request_head describe() const;

    const server_options& options_;
    boost::beast::tcp_stream stream_;
    boost::beast::flat_buffer buffer_;
    std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
    boost::asio::steady_timer
        limit_; // of a read; tcp_stream's own would close before the 408 is out
    bool expired_ = false, idle_ = false;
    std::shared_ptr<char> alive_ =
        std::make_shared<char>(); // for a time-out that outlives its stream
    boost::asio::steady_timer watch_over_;
    bool watching_ = false, stop_watching_ = false;
};

/// The head of a reply. `headers` follow those of the reply; none carries a line break.
[[nodiscard]] std::string
head_text(const reply& answer, const request_head& asked, bool keep_alive,
          const std::vector<std::pair<std::string, std::string>>& headers);

/// Bytes as a chunk of a chunked body; `bytes` is not empty.
[[nodiscard]] std::string http_chunk(std::string_view bytes);

} // namespace tw::front
