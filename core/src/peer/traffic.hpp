// What passed over the links to one peer, all attempts together.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "wire/hello.hpp"

namespace tw::peer {

struct traffic {
    std::atomic<std::uint64_t> bytes_sent{0}, bytes_received{0}, frames_sent{0}, frames_received{0};
};

// {machine, version, rtt_ms, bytes_sent, bytes_received, frames_sent, frames_received}; what is not known is null.
[[nodiscard]] nlohmann::json link_status(const std::optional<wire::hello>& theirs, std::optional<double> rtt_s,
                                         const traffic& counts);

} // namespace tw::peer
