// One client: reads requests, has them answered, writes the replies, until either side is done.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <boost/asio/thread_pool.hpp>

#include "front/answer.hpp"
#include "front/answer_writer.hpp"
#include "front/auth.hpp"
#include "front/catalogue.hpp"
#include "front/finding_box.hpp"
#include "front/http_stream.hpp"
#include "front/pages.hpp"
#include "front/pass_through.hpp"
#include "front/router.hpp"

namespace tw::front {

/// What all connections of a server share.
struct serving {
    server_options options;
    authorizer auth;
    catalogue models;
    counters counts{};
    bool stopping = false;
    boost::asio::thread_pool asking{1}; // of finding_box
};

class connection : public std::enable_shared_from_this<connection> {
  public:
    /// `surplus`: over max_connections; the first request is answered 503.
    connection(boost::asio::ip::tcp::socket socket, serving& shared, bool surplus);

    /// Until the connection is closed. `self` keeps this object for as long.
    [[nodiscard]] boost::asio::awaitable<void> serve(std::shared_ptr<connection> self);

    /// The server stops: close now if no request is under way, else after the answer.
    void drain();
    /// Cut the answer short, with an error the client can read.
    void abort();
    /// At once.
    void close();

  private:
    using extra_headers = std::vector<std::pair<std::string, std::string>>;

    struct arrived {
        route where;
        std::string body;
    };
    /// Answers that were begun for a request.
    struct begun {
        std::shared_ptr<answer> running;
        std::shared_ptr<answer_writer> writer;
        std::size_t answers;
        bool streamed;
    };

    [[nodiscard]] boost::asio::awaitable<bool> exchange();
    [[nodiscard]] boost::asio::awaitable<std::variant<peer_closed, arrived, reply>> receive(const request_head& head);
    [[nodiscard]] boost::asio::awaitable<bool> handle(request_head head);
    [[nodiscard]] std::variant<reply, begun> begin(endpoint kind, std::string body);
    [[nodiscard]] boost::asio::awaitable<bool> generate(request_head head, endpoint kind,
                                                        std::string body);
    [[nodiscard]] boost::asio::awaitable<bool> inquire(request_head head, inquiry kind,
                                                       std::string body);
    [[nodiscard]] boost::asio::awaitable<bool> count_tokens(request_head head, endpoint kind,
                                                            std::string body);
    [[nodiscard]] boost::asio::awaitable<bool> pass(request_head head, std::string path,
                                                    std::string body);
    [[nodiscard]] std::variant<reply, std::shared_ptr<pass_through>>
    begin_pass(const request_head& head, const std::string& path, std::string body);
    [[nodiscard]] boost::asio::awaitable<bool> hand_down(request_head head,
                                                         std::shared_ptr<pass_through> running);
    [[nodiscard]] boost::asio::awaitable<bool> show(request_head head, std::string body);
    [[nodiscard]] boost::asio::awaitable<std::optional<result<finding>>>
    found_by(std::shared_ptr<tw::pipeline> pipeline, question what);
    [[nodiscard]] boost::asio::awaitable<bool> stream(request_head head,
                                                      std::shared_ptr<answer> running,
                                                      std::shared_ptr<answer_writer> writer);
    [[nodiscard]] boost::asio::awaitable<bool> collect(request_head head,
                                                       std::shared_ptr<answer> running,
                                                       std::shared_ptr<answer_writer> writer);
    void attend(const std::shared_ptr<awaited>& running, std::size_t answers);
    [[nodiscard]] boost::asio::awaitable<void> leave(awaited& running, std::size_t answers);
    [[nodiscard]] boost::asio::awaitable<bool> send(reply out, request_head head);
    [[nodiscard]] reply page(const route& where, const request_head& head,
                             const std::string& body) const;
    [[nodiscard]] reply swap(const request_head& head, const std::string& body) const;
    [[nodiscard]] extra_headers common_headers(const request_head& head) const;
    void log(const request_head& head, unsigned status) const;

    serving& shared_;
    boost::asio::any_io_executor loop_;
    http_stream http_;
    std::weak_ptr<awaited> running_;
    std::weak_ptr<finding_box> inquiring_;
    bool surplus_, peer_gone_ = false;
    std::string request_id_;
    std::chrono::steady_clock::time_point began_{};
};

} // namespace tw::front
