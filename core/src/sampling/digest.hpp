// A 64-bit fingerprint of a row of logits: equal bits, equal digest.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "sampling/noise.hpp"

namespace tw {

// Four independent lanes, so that it keeps up with memory. Not cryptographic.
[[nodiscard]] inline std::uint64_t digest(std::span<const float> row) {
    std::uint64_t lanes[4] = {1, 2, 3, 4};
    for (std::size_t i = 0; i < row.size(); ++i) {
        auto& lane = lanes[i % 4];
        lane = (lane ^ std::bit_cast<std::uint32_t>(row[i])) * 0x9e3779b97f4a7c15ULL;
        lane ^= lane >> 29U;
    }
    auto out = mix64(row.size());
    for (const auto lane : lanes) out = mix64(out ^ lane);
    return out;
}

} // namespace tw
