// Carries bytes both ways between two ends, with no more in memory than one buffer a direction. Internal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/pipe_end.hpp"

namespace tw::net {

struct pipe_outcome {
    std::uint64_t bytes = 0; // both ways
    std::string why;         // empty = both directions ended in order
};

// Only on the loop's thread.
class byte_pipe {
  public:
    // `far_first` is told why the far end was the first to end, before the near one can notice; may be null.
    byte_pipe(std::shared_ptr<pipe_end> near, std::shared_ptr<pipe_end> far,
              std::function<void(const std::string&)> far_first = nullptr);

    // Until both directions have ended, or one end broke, which closes the other; `self` keeps this object.
    [[nodiscard]] boost::asio::awaitable<pipe_outcome> run(std::shared_ptr<byte_pipe> self);
    void close();

  private:
    [[nodiscard]] boost::asio::awaitable<void> copy(bool outward);
    [[nodiscard]] boost::asio::awaitable<bool> pass(pipe_end& from, pipe_end& to, std::vector<char>& buffer);
    void ended(const pipe_end& first);
    [[nodiscard]] static boost::asio::awaitable<void> inward(std::shared_ptr<byte_pipe> self);

    const std::shared_ptr<pipe_end> near_, far_;
    const std::function<void(const std::string&)> far_first_;
    const pipe_end* first_ = nullptr;
    std::uint64_t bytes_ = 0;
    bool broken_ = false, inward_over_ = false;
    std::unique_ptr<boost::asio::steady_timer> waiting_; // cancelled when the inward direction is over
};

} // namespace tw::net
