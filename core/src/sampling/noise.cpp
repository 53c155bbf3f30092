// The logarithm behind the noise, from + - * / and bit operations alone.
#include "sampling/noise.hpp"

#include <bit>
#include <cfloat>
#include <limits>

namespace tw {

static_assert(std::numeric_limits<double>::is_iec559 && FLT_EVAL_METHOD == 0,
              "the noise must have the same bits on every machine");

double fixed_log(double x) noexcept {
    // x = 2^k * m with m in [sqrt(1/2), sqrt(2)); ln m = 2 atanh(s), s = (m - 1) / (m + 1).
    // The odd series in s is cut where its rest is below half an ulp: |s| <= 0.1716, s^2 <= 0.0295.
    constexpr std::uint64_t sqrt_half = 0x3fe6a09e667f3bcdULL;
    const auto bits = std::bit_cast<std::uint64_t>(x);
    const auto shifted = bits - sqrt_half;
    const auto k = static_cast<std::int64_t>(shifted) >> 52U;
    const auto m = std::bit_cast<double>(bits - (static_cast<std::uint64_t>(k) << 52U));

    const double f = m - 1.0;
    const double s = f / (2.0 + f);
    const double z = s * s;
    double tail = 1.0 / 21.0;
    tail = tail * z + 1.0 / 19.0;
    tail = tail * z + 1.0 / 17.0;
    tail = tail * z + 1.0 / 15.0;
    tail = tail * z + 1.0 / 13.0;
    tail = tail * z + 1.0 / 11.0;
    tail = tail * z + 1.0 / 9.0;
    tail = tail * z + 1.0 / 7.0;
    tail = tail * z + 1.0 / 5.0;
    tail = tail * z + 1.0 / 3.0;
    tail = tail * z;
    // 2s + 2s*tail, with 2s = f - s*f, which keeps f exact: near 1 the result is f itself.
    const double half_square = 0.5 * f * f;
    const double log_m = f - (half_square - s * (half_square + 2.0 * tail));
    constexpr double ln2_high = 6.93147180369123816490e-01; // 33 bits: k * ln2_high is exact
    constexpr double ln2_low = 1.90821492927058770002e-10;
    const auto kd = static_cast<double>(k);
    return kd * ln2_high + (log_m + kd * ln2_low);
}

double gumbel(const noise_key& key, std::int32_t token) noexcept {
    return -fixed_log(-fixed_log(noise_uniform(key, token)));
}

} // namespace tw
