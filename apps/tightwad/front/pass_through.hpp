// A server's answer to a request that was passed on, on its way to the client.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "front/awaited.hpp"
#include "front/http_types.hpp"
#include "pipeline/pipeline.hpp"

namespace tw::front {

/// What has come since the last look.
struct passed {
    std::optional<pass_head> head{}; // before any byte
    std::string bytes{};
    bool over = false;
    std::optional<error> failure{}; // when it is over: none = the answer is whole
};

/// Lives and is used on the server's thread; what the pipeline's threads touch outlives it. Of what the client has not taken
/// yet it holds 256 KiB and a piece more; until there is room, no more is read from the server.
class pass_through final : public awaited, public std::enable_shared_from_this<pass_through> {
  public:
    explicit pass_through(boost::asio::any_io_executor loop);
    /// Nothing more is posted to the loop; what still runs is cancelled.
    ~pass_through() override;
    pass_through(const pass_through&) = delete;
    pass_through& operator=(const pass_through&) = delete;

    /// Begins. Once.
    [[nodiscard]] std::optional<error> start(tw::pipeline& pipeline, std::shared_ptr<const pass_request> request);

    /// Waits for news; there is none after wake().
    [[nodiscard]] boost::asio::awaitable<passed> next();

    /// Ends the wait of next().
    void wake() override;
    /// Its end still comes.
    void cancel() override;

  private:
    class mail;

    boost::asio::any_io_executor loop_;
    boost::asio::steady_timer signal_;
    std::shared_ptr<mail> mail_;
    std::shared_ptr<generation> running_;
    bool woken_ = false;
};

/// Whether a POST to this path, which no other room answers, may go on to a server: below /v1/, or llama-server's /infill.
/// Neither our own paths nor such as a server might read as another one: with empty or dot segments, or escapes.
[[nodiscard]] bool may_pass(std::string_view path);

/// The head of the reply. Of the server's headers those about the body and when to come back.
[[nodiscard]] reply reply_to_pass(pass_head head);

/// Why nothing was passed on to `path` for `model`.
[[nodiscard]] reply not_passed(const error& why, std::string_view path, const std::string& model);

} // namespace tw::front
