// The loops over a whole row of logits, one version per instruction set.
//
// The versions need not be trusted to agree: `max` and `weigh` are exact (a maximum; integers), and
// `next_candidates` only rules tokens out, by a bound with room for rounding. What is picked is
// decided by scalar code on what is left, so it is the same token whichever version ran.
#pragma once

#include "sampling/noise.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

// Also inlined into code compiled for a wider instruction set than the rest of the program.
#if defined(__GNUC__)
#define TW_INLINE [[gnu::always_inline]] inline
#else
#define TW_INLINE inline
#endif

namespace tw {

/// Which tokens can still win the row. `slope` and `offset` are a line in 2^-23 octaves.
struct candidate_bound {
    std::uint32_t before = 0; ///< of the row's noise_key
    std::uint32_t within = 0;
    float max = 0;   ///< the row's largest logit, finite
    float slope = 0; ///< per unit of (logit - max)
    float offset = 0;
    float floor = -std::numeric_limits<float>::infinity(); ///< a logit below it is cut
};

/// x can win only if v = 1 - u is at most e^((l - max)/T - best), for -ln u >= v. In octaves, with
/// h = floor(2^31 v): log2 h <= 31 + ((l - max)/T - best) / ln 2. The bits of a float, read as an
/// integer, are a piecewise linear log2 from below: (exponent + mantissa) <= exponent + log2(1 +
/// m).
TW_INLINE bool may_win(float logit, std::uint32_t token, const candidate_bound& bound) noexcept {
    const auto high = noise_high(bound.before, bound.within, token);
    const auto h = static_cast<float>(static_cast<std::int32_t>(high >> 1U));
    const auto octaves = static_cast<float>(std::bit_cast<std::int32_t>(h));
    const bool wins = octaves <= (logit - bound.max) * bound.slope + bound.offset;
    return wins & (logit >= bound.floor);
}

/// Tokens in a block of the two searches.
inline constexpr std::size_t candidate_block = 64;

inline constexpr std::int32_t last_bucket = 1024;

struct kernels {
    const char* name; ///< "avx512", "avx2", "plain"

    /// The largest logit; NaN counts as -infinity.
    float (*max)(const float* logits, std::size_t n) noexcept;

    /// The first block at or after token `from` (a multiple of `candidate_block`) that holds a
    /// logit of at least `floor`: its first token, or `n` when no block does.
    std::size_t (*next_at_least)(const float* logits, std::size_t n, std::size_t from,
                                 float floor) noexcept;

    /// Likewise for a token that may win. NaN and -infinity never may.
    std::size_t (*next_candidates)(const float* logits, std::size_t n, std::size_t from,
                                   const candidate_bound& bound) noexcept;

    /// out[x] = round(2^40 e^(logits[x] - max)), 0 for NaN; returns their sum. Integers, so that a
    /// sum is the same in any order; a token 28 below the maximum weighs nothing. buckets[x] is how
    /// far it lies below, in 29ths of `last_bucket`, capped there: the last one weighs nothing.
    std::uint64_t (*weigh)(const float* logits, std::size_t n, float max, std::uint64_t* out,
                           std::int32_t* buckets) noexcept;
};

/// Every version this processor runs, the fastest first. Any thread.
[[nodiscard]] std::span<const kernels> supported_kernels() noexcept;

} // namespace tw
