// Connections that wait for their next request, by where they lead. Internal.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "net/byte_stream.hpp"

namespace tw::net {

// Only on the loop's thread, but for size().
class http_pool {
  public:
    // The freshest one that still stands, or null.
    [[nodiscard]] std::shared_ptr<byte_stream> take(const std::string& key);
    void keep(const std::string& key, std::shared_ptr<byte_stream> stream);
    // Closes those that nobody has asked for in a while.
    void sweep();
    void clear();

    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    struct waiting {
        std::shared_ptr<byte_stream> stream;
        std::chrono::steady_clock::time_point since;
    };
    std::map<std::string, std::deque<waiting>> all_; // oldest first
    std::atomic<std::size_t> size_{0};
};

} // namespace tw::net
