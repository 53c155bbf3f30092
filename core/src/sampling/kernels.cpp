// The loops over a row: one body each, compiled once per instruction set.
#include "sampling/kernels.hpp"

#include "sampling/noise.hpp"

#include <array>
#include <bit>
#include <vector>

// Compiled for a wider instruction set than the rest of the program, and chosen at run time.
#if defined(__x86_64__) && defined(__GNUC__)
#define TW_X86_VERSIONS 1
#endif
namespace tw {
namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

TW_INLINE float max_body(const float* logits, std::size_t n) noexcept {
    constexpr std::size_t lanes = 64;
    std::array<float, lanes> best;
    best.fill(minus_infinity);
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes)
        for (std::size_t j = 0; j < lanes; ++j)
            best[j] = logits[i + j] > best[j] ? logits[i + j] : best[j];
    float result = minus_infinity;
    for (; i < n; ++i)
        result = logits[i] > result ? logits[i] : result;
    for (const float lane : best)
        result = lane > result ? lane : result;
    return result;
}

TW_INLINE std::size_t next_at_least_body(const float* logits, std::size_t n, std::size_t from,
                                         float floor) noexcept {
    std::size_t i = from;
    for (; i + candidate_block <= n; i += candidate_block) {
        std::uint32_t any = 0;
        for (std::size_t j = 0; j < candidate_block; ++j)
            any |= logits[i + j] >= floor ? 1U : 0U;
        if (any != 0) return i;
    }
    for (std::size_t j = i; j < n; ++j)
        if (logits[j] >= floor) return i;
    return n;
}

TW_INLINE std::size_t next_candidates_body(const float* logits, std::size_t n, std::size_t from,
                                           const candidate_bound& given) noexcept {
    const candidate_bound bound = given;
    std::size_t i = from;
    for (; i + candidate_block <= n; i += candidate_block) {
        std::uint32_t any = 0;
        for (std::size_t j = 0; j < candidate_block; ++j)
            any |= may_win(logits[i + j], static_cast<std::uint32_t>(i + j), bound) ? 1U : 0U;
        if (any != 0) return i;
    }
    for (std::size_t j = i; j < n; ++j)
        if (may_win(logits[j], static_cast<std::uint32_t>(j), bound)) return i;
    return n;
}

// 2^40 e^d for d in [-29, 0]: d = (k + f) ln 2, a polynomial for 2^f, k into the exponent; adding
// 2^52 leaves the rounded integer in the low bits.
TW_INLINE std::uint64_t weight(float logit, float max) noexcept {
    const double given = static_cast<double>(logit) - static_cast<double>(max);
    const double d = given > -29.0 ? given : -29.0;
    constexpr double log2e = 1.4426950408889634, ln2 = 0.6931471805599453;
    constexpr double shifter = 0x1.8p52;
    const double t = d * log2e;
    const double shifted = t + shifter;
    const double x = (t - (shifted - shifter)) * ln2;
    double p = 1.0 / 3628800;
    p = p * x + 1.0 / 362880;
    p = p * x + 1.0 / 40320;
    p = p * x + 1.0 / 5040;
    p = p * x + 1.0 / 720;
    p = p * x + 1.0 / 120;
    p = p * x + 1.0 / 24;
    p = p * x + 1.0 / 6;
    p = p * x + 0.5;
    p = p * x + 1.0;
    p = p * x + 1.0;
    const auto exponent = (std::bit_cast<std::uint64_t>(shifted) + 1023U + 40U) << 52U;
    const double scaled = p * std::bit_cast<double>(exponent) + 0x1p52;
    return std::bit_cast<std::uint64_t>(scaled) & ((1ULL << 52U) - 1);
}

TW_INLINE std::uint64_t weigh_body(const float* logits, std::size_t n, float max,
                                   std::uint64_t* out, std::int32_t* buckets) noexcept {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        out[i] = weight(logits[i], max);
        sum += out[i];
    }
    for (std::size_t i = 0; i < n; ++i) {
        const float below = max - logits[i];
        const float capped = below < 29.0F ? below : 29.0F;
        buckets[i] = static_cast<std::int32_t>(capped * (static_cast<float>(last_bucket) / 29.0F));
    }
    return sum;
}

#define TW_VERSION(suffix, attribute)                                                              \
    attribute float max_##suffix(const float* logits, std::size_t n) noexcept {                    \
        return max_body(logits, n);                                                                \
    }                                                                                              \
    attribute std::size_t next_at_least_##suffix(const float* logits, std::size_t n,               \
                                                 std::size_t from, float floor) noexcept {         \
        return next_at_least_body(logits, n, from, floor);                                         \
    }                                                                                              \
    attribute std::size_t next_candidates_##suffix(const float* logits, std::size_t n,             \
                                                   std::size_t from,                               \
                                                   const candidate_bound& bound) noexcept {        \
        return next_candidates_body(logits, n, from, bound);                                       \
    }                                                                                              \
    attribute std::uint64_t weigh_##suffix(const float* logits, std::size_t n, float max,          \
                                           std::uint64_t* out, std::int32_t* buckets) noexcept {   \
        return weigh_body(logits, n, max, out, buckets);                                           \
    }                                                                                              \
    constexpr kernels suffix{#suffix, max_##suffix, next_at_least_##suffix,                        \
                             next_candidates_##suffix, weigh_##suffix};

TW_VERSION(plain, )
#ifdef TW_X86_VERSIONS
TW_VERSION(avx2, [[gnu::target("avx2")]])
TW_VERSION(avx512, [[gnu::target("avx512f,avx512dq,avx512bw,avx512vl")]])
#endif

std::vector<kernels> find_supported() {
    std::vector<kernels> found;
#ifdef TW_X86_VERSIONS
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        found.push_back(avx512);
    if (__builtin_cpu_supports("avx2")) found.push_back(avx2);
#endif
    found.push_back(plain);
    return found;
}

} // namespace

std::span<const kernels> supported_kernels() noexcept {
    static const std::vector<kernels> found = find_supported();
    return found;
}

} // namespace tw
