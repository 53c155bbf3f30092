// One end of a pipe: something that bytes come out of and go into, each direction ending on its own. Internal.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>

namespace tw::net {

// Only on the loop's thread. One read and one write at a time.
class pipe_end {
  public:
    enum class got { bytes, end, broken };
    struct read_result {
        got what = got::broken;
        std::size_t bytes = 0;
    };

    virtual ~pipe_end() = default;

    // At least one byte, or that no more come, or that it is broken.
    [[nodiscard]] virtual boost::asio::awaitable<read_result> read(boost::asio::mutable_buffer into) = 0;
    // All of it; false: broken.
    [[nodiscard]] virtual boost::asio::awaitable<bool> write(boost::asio::const_buffer from) = 0;
    // Nothing more is written, and the other side is told; false: broken.
    [[nodiscard]] virtual boost::asio::awaitable<bool> end() = 0;
    // After both directions have ended.
    [[nodiscard]] virtual boost::asio::awaitable<void> finish() = 0;
    // At once; what is under way ends as broken.
    virtual void close() = 0;

    [[nodiscard]] const std::string& why() const { return why_; } // it is broken; empty when it is not

  protected:
    void broke(std::string why) {
        if (why_.empty()) why_ = std::move(why);
    }

  private:
    std::string why_;
};

} // namespace tw::net
