// A 32-bit digest of a token prefix that grows by one token at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "sampling/noise.hpp"

namespace tw {

using prefix_digest = std::uint32_t;

inline constexpr prefix_digest empty_prefix = 0x74696768U;

// The digest of a prefix with `token` behind it. Equal token lists have equal digests; two different ones
// collide with a chance of about n^2 / 2^33 among n, and a collision costs a wasted draft, never a byte of an answer.
// It crosses the network in every message of a round, so it is short.
[[nodiscard]] constexpr prefix_digest extend(prefix_digest prefix, std::int32_t token) noexcept {
    return static_cast<prefix_digest>(mix64((std::uint64_t{prefix} << 32U | static_cast<std::uint32_t>(token)) +
                                            0x9e3779b97f4a7c15ULL) >> 32U);
}

[[nodiscard]] constexpr prefix_digest extend(prefix_digest prefix, std::span<const std::int32_t> tokens) noexcept {
    for (const auto token : tokens) prefix = extend(prefix, token);
    return prefix;
}

// How many tokens both begin with.
[[nodiscard]] inline std::size_t common_prefix(std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
    const auto most = static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.begin() + most, b.begin()).first - a.begin());
}

} // namespace tw
