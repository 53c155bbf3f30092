// Where a connection waits for what a pipeline finds.
#pragma once

#include <memory>
#include <optional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "pipeline/pipeline.hpp"

namespace tw::front {

/// Lives and is used on the server's thread; what the pipeline's threads touch outlives it.
class finding_box : public std::enable_shared_from_this<finding_box> {
  public:
    explicit finding_box(boost::asio::any_io_executor loop);
    /// Nothing more is posted to the loop; what still runs is cancelled.
    ~finding_box();
    finding_box(const finding_box&) = delete;
    finding_box& operator=(const finding_box&) = delete;

    /// Begins the question on a thread of `asking`, since splitting a text into tokens may take long. Once.
    void ask(boost::asio::thread_pool& asking, std::shared_ptr<tw::pipeline> pipeline, question what);

    /// The finding, or none after give_up(). Once.
    [[nodiscard]] boost::asio::awaitable<std::optional<result<finding>>> wait();

    /// Ends wait() and cancels the question.
    void give_up();

  private:
    struct mail;

    boost::asio::any_io_executor loop_;
    boost::asio::steady_timer signal_;
    std::shared_ptr<mail> mail_;
    bool given_up_ = false;
};

} // namespace tw::front
