// What passed over the links to one peer, all attempts together.
#pragma once

#include <atomic>
#include <cstdint>

namespace tw::peer {

struct traffic {
    std::atomic<std::uint64_t> bytes_sent{0}, bytes_received{0}, frames_sent{0}, frames_received{0};
};

} // namespace tw::peer
