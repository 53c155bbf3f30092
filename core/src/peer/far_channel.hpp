// A channel that this side opened, whatever becomes of the link below it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "peer/frame_link.hpp"

namespace tw::peer {

// All are called one at a time, on a thread of the link, and must not block; only `tick` may be null.
struct channel_events {
    // It can be used, again after each `away`.
    std::function<void(const wire::channel_opened&)> opened;
    // A frame from the other side. An error ends the link with its sentence.
    std::function<result<void>(wire::message)> frame;
    // It cannot be used: the link was lost, or the other side refused or closed the channel. It is tried again.
    std::function<void(const std::string& why)> away;
    std::function<void()> tick{}; // a few times a second
};

// Made by channel_book, which opens it again after a loss, and 5 s after a refusal. Any thread.
class far_channel final : public channel_end, public std::enable_shared_from_this<far_channel> {
  public:
    far_channel(std::uint32_t number, wire::open_channel what, channel_events events);

    // As frame_link::send; unavailable while the channel is away.
    result<void> send(const wire::message& body);
    // For good. Once this returns no event is under way or comes, but the one it is called from. Its owner
    // calls it before anything goes that the events use.
    void close(const std::string& why);
    [[nodiscard]] bool is_open() const;

    // For channel_book.
    void attach(std::shared_ptr<frame_link> link);
    void tick();
    [[nodiscard]] std::uint32_t number() const { return number_; }
    [[nodiscard]] bool is_finished() const;

    // For frame_link.
    [[nodiscard]] result<void> received(wire::message body) override;
    void closed(const std::string& why) override { gone(why, true); }
    void lost(const std::string& why) override { gone(why, false); }

  private:
    using clock = std::chrono::steady_clock;

    void gone(const std::string& why, bool retry);

    const std::uint32_t number_;
    const wire::open_channel what_;
    const channel_events events_;

    std::recursive_mutex telling_; // held while an event runs; taken before mutex_
    mutable std::mutex mutex_;     // guards what follows
    std::shared_ptr<frame_link> link_;
    bool open_ = false, finished_ = false;
    clock::time_point retry_at_ = clock::time_point::max();
};

} // namespace tw::peer
