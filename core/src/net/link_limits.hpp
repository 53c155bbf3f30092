// What a link between two machines may cost in memory and time.
#pragma once

#include <chrono>
#include <cstddef>

namespace tw::net {

struct link_limits {
    // A larger message is refused with WebSocket close code 1009.
    std::size_t max_message_bytes = 1U << 20U;
    // A link whose unsent messages exceed this is closed: the other side does not read.
    std::size_t max_queued_bytes = 4U << 20U;
    // A side that has sent nothing for so long sends a ping, so each side hears from the other at least
    // every second interval.
    std::chrono::milliseconds ping_interval = std::chrono::seconds{2};
    // After so many intervals in a row without a byte from the other side the link is dead. At least 2.
    int missed_intervals = 3;
};

} // namespace tw::net
