// A channel on which another host drafts with a drafter of this one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "peer/frame_link.hpp"
#include "peer/seat_shelf.hpp"

namespace tw::peer {

class drafter_channel final : public channel_end, public std::enable_shared_from_this<drafter_channel> {
  public:
    // With `shelf` the seat is kept there under `key` when the link is lost, and taken from there.
    drafter_channel(std::shared_ptr<frame_link> link, std::uint32_t number, std::shared_ptr<served_drafter> drafter,
                    std::shared_ptr<seat_shelf> shelf, seat_key key);

    void begin(); // once, when the link knows the channel

    [[nodiscard]] result<void> received(wire::message body) override;
    void closed(const std::string& why) override;
    void lost(const std::string& why) override;

  private:
    [[nodiscard]] result<void> check(const drafter_message& message) const;
    void away(const std::string& why);
    [[nodiscard]] std::unique_ptr<drafter_seat> take_seat();

    const std::shared_ptr<frame_link> link_;
    const std::uint32_t number_;
    const std::shared_ptr<served_drafter> drafter_;
    const std::shared_ptr<seat_shelf> shelf_;
    const seat_key key_;
    std::mutex mutex_; // guards the seat, which is used and destroyed by one thread at a time
    std::unique_ptr<drafter_seat> seat_;
    std::atomic<bool> opened_{false};
};

} // namespace tw::peer
