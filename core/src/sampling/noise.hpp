// The shared noise of the coupling: a Gumbel variate for every (seed, position, token), the same on
// every machine.
//
// Two hosts that compute `argmax(l / T + gumbel)` with the same seed agree as often as their
// distributions do (Daliri, Musco, Suresh, arXiv 2408.07978). So every bit here is part of the
// protocol: a change of anything in this file, of the chain in sampler.hpp or of `kernels.hpp`'s
// weights raises `sampler_revision`. Integers, and + - * / on doubles; no libm, no fused
// operations.
#pragma once

#include <cstdint>

namespace tw {

/// Mixes 64 bits so that every input bit reaches every output bit (the finaliser of splitmix64).
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
    x ^= x >> 30U;
    x *= 0xbf58476d1ce4e5b9ULL;
    x ^= x >> 27U;
    x *= 0x94d049bb133111ebULL;
    return x ^ (x >> 31U);
}

/// The noise of one row: everything that depends on (seed, position) and not on the token.
struct noise_key {
    std::uint32_t before = 0; ///< joins the token id
    std::uint32_t within = 0; ///< joins between the rounds of the hash
    std::uint64_t low = 0;    ///< for the low bits, which only candidates need

    constexpr noise_key(std::uint64_t seed, std::int64_t position) noexcept {
        const auto row = mix64(mix64(seed + 0x9e3779b97f4a7c15ULL) +
                               static_cast<std::uint64_t>(position) * 0xd1342543de82ef95ULL);
        before = static_cast<std::uint32_t>(row);
        within = static_cast<std::uint32_t>(row >> 32U);
        low = mix64(row + 0x9e3779b97f4a7c15ULL);
    }
};

/// The high 32 bits of a token's variate. 32-bit multiplications only, so that the scan over a
/// whole vocabulary is vectorised (multipliers: triple32 of Wellons' hash-prospector).
[[nodiscard]] constexpr std::uint32_t noise_high(std::uint32_t before, std::uint32_t within,
                                                 std::uint32_t token) noexcept {
    std::uint32_t h = token + before;
    h ^= h >> 17U;
    h *= 0xed5ad4bbU;
    h ^= (h >> 11U) ^ within;
    h *= 0xac4c1b51U;
    h ^= h >> 15U;
    h *= 0x31848babU;
    return h ^ (h >> 14U);
}

/// 52 bits, uniform: the high 32 from `noise_high`, the low 20 from a 64-bit hash.
[[nodiscard]] constexpr std::uint64_t noise_bits(const noise_key& key,
                                                 std::int32_t token) noexcept {
    const auto id = static_cast<std::uint32_t>(token);
    const std::uint64_t high = noise_high(key.before, key.within, id);
    return (high << 20U) | (mix64(key.low + id * 0x9e3779b97f4a7c15ULL) >> 44U);
}

/// u = 1 - (noise_bits + 1/2) / 2^52, exact, never 0 and never 1.
[[nodiscard]] constexpr double noise_uniform(const noise_key& key, std::int32_t token) noexcept {
    const auto twice = 2 * noise_bits(key, token) + 1;
    return static_cast<double>((1ULL << 53U) - twice) * 0x1p-53;
}

/// Natural logarithm of a positive, normal, finite `x`: within 2 ulp, and the same bits everywhere.
[[nodiscard]] double fixed_log(double x) noexcept;

/// -ln(-ln u): between -3.61 and 36.8.
[[nodiscard]] double gumbel(const noise_key& key, std::int32_t token) noexcept;

} // namespace tw
