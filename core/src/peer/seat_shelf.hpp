// Seats of drafter channels whose link was lost, kept for a while so that drafting goes on after a reconnect.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "peer/served_drafter.hpp"

namespace tw::peer {

struct seat_key {
    std::uint64_t session = 0; // of the other side's hello
    std::uint32_t channel = 0;
    std::string engine{};

    auto operator<=>(const seat_key&) const = default;
};

// Any thread.
class seat_shelf {
  public:
    explicit seat_shelf(std::chrono::milliseconds keep) : keep_(keep) {}

    void put(seat_key key, std::unique_ptr<drafter_seat> seat);
    [[nodiscard]] std::unique_ptr<drafter_seat> take(const seat_key& key); // null when there is none
    void drop_old();
    void clear();
    [[nodiscard]] std::size_t size() const;

  private:
    struct kept {
        std::unique_ptr<drafter_seat> seat;
        std::chrono::steady_clock::time_point until;
    };

    const std::chrono::milliseconds keep_;
    mutable std::mutex mutex_;
    std::map<seat_key, kept> seats_;
};

} // namespace tw::peer
