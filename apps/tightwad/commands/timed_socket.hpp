// A blocking TCP connection whose every step has a time-out and can be interrupted; a Beast sync stream.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

namespace tw::cli {

class timed_socket {
  public:
    timed_socket(std::chrono::milliseconds patience, std::function<bool()> stop)
        : patience_(patience), stop_(std::move(stop)) {}
    ~timed_socket();
    timed_socket(const timed_socket&) = delete;
    timed_socket& operator=(const timed_socket&) = delete;

    // Tries every address the name stands for.
    [[nodiscard]] boost::system::error_code connect(const std::string& host, unsigned short port);

    // Beast's SyncReadStream and SyncWriteStream; only the first buffer of a sequence is used.
    template <class Buffers> std::size_t read_some(const Buffers& buffers, boost::system::error_code& ec) {
        const boost::asio::mutable_buffer first = *boost::asio::buffer_sequence_begin(buffers);
        return receive(first.data(), first.size(), ec);
    }
    template <class Buffers> std::size_t read_some(const Buffers& buffers) {
        boost::system::error_code ec;
        const auto n = read_some(buffers, ec);
        if (ec) throw boost::system::system_error(ec);
        return n;
    }
    template <class Buffers> std::size_t write_some(const Buffers& buffers, boost::system::error_code& ec) {
        for (auto it = boost::asio::buffer_sequence_begin(buffers);
             it != boost::asio::buffer_sequence_end(buffers); ++it) {
            const boost::asio::const_buffer one = *it;
            if (one.size() > 0) return transmit(one.data(), one.size(), ec);
        }
        ec.clear();
        return 0;
    }
    template <class Buffers> std::size_t write_some(const Buffers& buffers) {
        boost::system::error_code ec;
        const auto n = write_some(buffers, ec);
        if (ec) throw boost::system::system_error(ec);
        return n;
    }

  private:
    boost::system::error_code wait(short events);
    std::size_t receive(void* data, std::size_t size, boost::system::error_code& ec);
    std::size_t transmit(const void* data, std::size_t size, boost::system::error_code& ec);

    int fd_ = -1;
    std::chrono::milliseconds patience_;
    std::function<bool()> stop_;
};

} // namespace tw::cli
