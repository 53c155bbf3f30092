// The answering end of one link.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "net/outbox.hpp"

namespace tw::net {

// May be kept for as long as one likes, also after the link or the listener is gone. Any thread.
class session {
  public:
    session(std::uint64_t id, std::string remote, std::shared_ptr<outbox> out)
        : id_(id), remote_(std::move(remote)), out_(std::move(out)) {}

    [[nodiscard]] std::uint64_t id() const { return id_; }                  // unique in its listener, from 1
    [[nodiscard]] const std::string& remote() const { return remote_; } // "192.168.1.7:51234"

    // As connection::send.
    bool send(std::string message) { return out_->send(std::move(message)); }
    // After what waits has been sent. The peer reads `why` (at most 123 bytes of it).
    void close(std::string why) { out_->end(fail(code::cancelled, std::move(why))); }
    [[nodiscard]] bool is_open() const { return out_->is_open(); }

  private:
    const std::uint64_t id_;
    const std::string remote_;
    const std::shared_ptr<outbox> out_;
};

} // namespace tw::net
