// The generations behind one request, and where its connection waits for them.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "front/answer_queue.hpp"
#include "front/api_request.hpp"
#include "front/awaited.hpp"
#include "pipeline/pipeline.hpp"

namespace tw::front {

/// Lives and is used on the server's thread; only the queue inside is shared with the pipelines.
class answer final : public awaited, public std::enable_shared_from_this<answer> {
  public:
    /// `max_bytes`: of pieces that wait for a client too slow to take them.
    answer(boost::asio::any_io_executor loop, std::size_t max_bytes);
    ~answer() override;
    answer(const answer&) = delete;
    answer& operator=(const answer&) = delete;

    /// Starts every answer of the request, or none.
    [[nodiscard]] std::optional<error> start(const api_request& request, tw::pipeline& pipeline);

    /// Waits for events; returns none when there were none for `patience`, or after wake().
    [[nodiscard]] boost::asio::awaitable<std::vector<answer_event>>
    next(std::chrono::milliseconds patience);

    /// Ends the wait of next().
    void wake() override;

    /// Cancels the generations; their ends still come.
    void cancel() override;

    /// The client was too slow: pieces were dropped and the generations cancelled.
    [[nodiscard]] bool overflowed() const { return queue_->overflowed(); }

  private:
    void on_event();

    boost::asio::any_io_executor loop_;
    boost::asio::steady_timer signal_;
    bool woken_ = false;
    std::size_t max_bytes_;
    std::shared_ptr<answer_queue> queue_;
    std::vector<std::shared_ptr<generation>> generations_;
};

} // namespace tw::front
