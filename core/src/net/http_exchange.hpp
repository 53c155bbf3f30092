// One request to a server elsewhere and its answer. Internal.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "net/byte_stream.hpp"
#include "net/http_client.hpp"
#include "net/http_faults.hpp"
#include "net/http_pool.hpp"

namespace tw::net {

class http_exchange;

// What the requests of one client share. Only on the loop's thread.
struct http_shared {
    boost::asio::io_context& loop;
    std::map<std::string, std::unique_ptr<boost::asio::ssl::context>> trusted; // by CA file
    http_pool pool; // its streams hang on the contexts above
    std::minstd_rand random{std::random_device{}()};
    std::function<void(http_exchange&)> ended;
};

// Only on the loop's thread.
class http_exchange {
  public:
    http_exchange(http_shared& shared, web_request request, web_url url, web_events events);

    // From the first step to the last.
    [[nodiscard]] static boost::asio::awaitable<void> run(std::shared_ptr<http_exchange> self);

    // Ends it when nobody waits for it any more or a limit is past.
    void check(std::chrono::steady_clock::time_point now);
    // Says done, if that was not said; whatever is under way ends.
    void end(std::optional<error> problem);

  private:
    using endpoint = boost::asio::ip::tcp::endpoint;
    using failure = std::optional<error>;

    void make_message();
    void limit(std::chrono::milliseconds time, std::string_view missed);
    [[nodiscard]] bool cancelled() const { return events_.cancelled && events_.cancelled(); }
    [[nodiscard]] http_faults faults() const { return {request_, url_}; }

    [[nodiscard]] boost::asio::awaitable<void> go();
    [[nodiscard]] boost::asio::awaitable<failure> connect(bool fresh);
    [[nodiscard]] boost::asio::awaitable<failure> dial(std::vector<endpoint> found);
    [[nodiscard]] boost::asio::awaitable<failure> secure();
    [[nodiscard]] boost::asio::awaitable<failure> ask();
    [[nodiscard]] boost::asio::awaitable<failure> read_head();
    [[nodiscard]] failure tell_head();
    [[nodiscard]] boost::asio::awaitable<failure> read_body();
    [[nodiscard]] boost::asio::awaitable<void> wait_for_room();
    [[nodiscard]] boost::asio::awaitable<boost::system::error_code> read_more();
    void tell_body();

    http_shared& shared_;
    web_request request_; // without its body, which has gone into the message
    const web_url url_;
    const std::string key_; // of the pool: a stranger's request takes no connection that only the operator may open
    web_events events_;
    boost::beast::http::request<boost::beast::http::string_body> message_;
    boost::asio::ip::tcp::resolver resolver_;
    boost::asio::steady_timer pause_;
    std::shared_ptr<byte_stream> stream_;
    boost::beast::flat_buffer buffer_;
    std::size_t block_ = 512; // read at once; grows while it is filled, for a thousand slow streams hold one each
    std::optional<boost::beast::http::response_parser<boost::beast::http::string_body>> parser_;
    std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
    std::chrono::milliseconds limit_{0};
    std::string_view missed_;
    bool again_ = false; // the failure came before the server can have done anything, or doing it twice is harmless
    bool ended_ = false;
};

} // namespace tw::net
