// One accepted connection: requests until one of them becomes a link, then the link. Internal.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "net/bearer.hpp"
#include "net/channel.hpp"
#include "net/listener.hpp"

namespace tw::net {

// What all connections of a listener share.
struct serving {
    listener_options options;
    listener_events events;
    std::optional<bearer_token> token;
    std::optional<boost::asio::ssl::context> tls;
    boost::asio::thread_pool* worker = nullptr; // runs events.http
    std::uint64_t last_session = 0;
    std::atomic<std::size_t> sessions = 0, connections = 0;
    bool stopping = false;
};

// Only on the loop's thread.
class server_connection {
  public:
    // `surplus`: over max_connections; requests are answered 503.
    server_connection(boost::asio::ip::tcp::socket socket, serving& shared, bool surplus);

    // Until the connection has ended; `self` keeps this object for as long.
    [[nodiscard]] boost::asio::awaitable<void> serve(std::shared_ptr<server_connection> self);
    void stop();

  private:
    using parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

    [[nodiscard]] boost::asio::awaitable<bool> exchange();
    [[nodiscard]] boost::asio::awaitable<bool> wait_for_request();
    [[nodiscard]] boost::asio::awaitable<bool> handle(parser& incoming);
    [[nodiscard]] boost::asio::awaitable<bool> ask_handler(parser& incoming);
    [[nodiscard]] boost::asio::awaitable<bool> answer(http_reply reply, bool keep);
    [[nodiscard]] boost::asio::awaitable<void> run_link(parser& incoming);
    [[nodiscard]] boost::asio::awaitable<bool> run_tunnel(parser& incoming);
    [[nodiscard]] boost::asio::awaitable<void> hang_up();
    [[nodiscard]] http_reply body_too_large() const;
    [[nodiscard]] bool allows(const parser& incoming) const;

    serving& shared_;
    const std::shared_ptr<byte_stream> stream_;
    const std::string remote_;
    const bool surplus_;
    const std::shared_ptr<outbox> out_;
    boost::beast::flat_buffer buffer_;
    bool first_ = true; // no request has been answered
};

} // namespace tw::net
