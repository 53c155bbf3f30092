// The channels that one side opens to one other, link after link.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "peer/far_channel.hpp"

namespace tw::peer {

// Any thread.
class channel_book {
  public:
    explicit channel_book(bool calling) : first_(calling ? 1 : 2) {}

    // Opens the channel as soon as there is a link. The book does not keep it.
    [[nodiscard]] std::shared_ptr<far_channel> open(wire::open_channel what, channel_events events);

    // A link is ready: every channel is opened on it, under the number it has. The link tells the channels
    // itself when it is lost.
    void up(const std::shared_ptr<frame_link>& link);
    void down();
    void tick(); // a few times a second

    [[nodiscard]] std::optional<double> rtt_s() const; // of the link that stands
    [[nodiscard]] bool is_up() const;

  private:
    [[nodiscard]] std::vector<std::shared_ptr<far_channel>> living();

    const std::uint32_t first_;
    mutable std::mutex mutex_;
    std::shared_ptr<frame_link> link_;
    std::vector<std::weak_ptr<far_channel>> channels_;
};

} // namespace tw::peer
