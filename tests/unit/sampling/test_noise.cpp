// The noise is uniform, independent, and the picks follow the softmax.
#include "oracle.hpp"

#include "sampling/sampler.hpp"

#include <catch2/catch_test_macros.hpp>

#include <bit>
#include <bitset>
#include <set>

namespace {

// Pearson's statistic, against its mean and deviation under the hypothesis: in standard deviations.
double chi_square_excess(const std::vector<double>& seen, const std::vector<double>& expected) {
    double sum = 0;
    for (std::size_t i = 0; i < seen.size(); ++i)
        sum += (seen[i] - expected[i]) * (seen[i] - expected[i]) / expected[i];
    const auto freedom = static_cast<double>(seen.size() - 1);
    return (sum - freedom) / std::sqrt(2 * freedom);
}

std::vector<double> softmax(const std::vector<float>& row, double temperature) {
    std::vector<double> p;
    double sum = 0;
    for (const float l : row)
        sum += p.emplace_back(std::exp(l / temperature));
    for (auto& value : p)
        value /= sum;
    return p;
}

// Correlation of two uniform variates, in standard deviations of a correlation by chance.
template <class F> double correlation(std::size_t n, F pair) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const auto [a, b] = pair(i);
        sum += (a - 0.5) * (b - 0.5);
    }
    return sum * 12 / std::sqrt(static_cast<double>(n));
}

} // namespace

TEST_CASE("200 000 picks follow the softmax") {
    std::mt19937_64 random(11);
    const auto row = oracle::gaussian_row(random, 40, 1.5F);
    for (const float temperature : {1.0F, 0.6F, 2.0F}) {
        tw::sampling_params params;
        params.temperature = temperature;
        params.seed = 7;
        tw::sampler sampler(params, 40);
        std::vector<double> seen(row.size()), expected;
        for (const double p : softmax(row, temperature))
            expected.push_back(p * 200'000);
        for (std::int64_t position = 0; position < 200'000; ++position)
            ++seen[static_cast<std::size_t>(sampler.pick(row, position))];
        CHECK(std::abs(chi_square_excess(seen, expected)) < 4);
    }
}

TEST_CASE("the first tokens of 200 000 successive seeds follow the softmax") {
    std::mt19937_64 random(12);
    const auto row = oracle::gaussian_row(random, 30, 1.0F);
    std::vector<double> seen(row.size()), expected;
    for (const double p : softmax(row, 1))
        expected.push_back(p * 200'000);
    tw::sampling_params params;
    for (params.seed = 0; params.seed < 200'000; ++params.seed)
        ++seen[static_cast<std::size_t>(tw::sampler(params, 30).pick(row, 17))];
    CHECK(std::abs(chi_square_excess(seen, expected)) < 4);
}

TEST_CASE("samplers of close distributions agree as often as the coupling promises") {
    std::mt19937_64 random(13);
    for (const float distance : {0.05F, 0.3F, 1.0F}) {
        const auto target = oracle::gaussian_row(random, 200, 2.0F);
        auto draft = target;
        for (auto& l : draft)
            l += distance * (static_cast<float>(random() % 1000) / 500.0F - 1.0F);
        const auto p = softmax(target, 1), q = softmax(draft, 1);
        double variation = 0;
        for (std::size_t x = 0; x < p.size(); ++x)
            variation += std::abs(p[x] - q[x]) / 2;
        tw::sampling_params params;
        params.seed = 5;
        tw::sampler one(params, 200), other(params, 200);
        constexpr int picks = 50'000;
        int agreed = 0;
        for (std::int64_t position = 0; position < picks; ++position)
            agreed += one.pick(target, position) == other.pick(draft, position) ? 1 : 0;
        const double rate = static_cast<double>(agreed) / picks;
        CAPTURE(variation, rate);
        CHECK(rate >= (1 - variation) / (1 + variation) - 3 * 0.5 / std::sqrt(picks));
        CHECK(rate <= 1 - variation + 3 * 0.5 / std::sqrt(picks));
    }
}

TEST_CASE("neighbouring tokens, positions and seeds carry independent noise") {
    constexpr std::size_t n = 400'000;
    const auto u = [](std::uint64_t seed, std::size_t position, std::size_t token) {
        return tw::noise_uniform(tw::noise_key(seed, static_cast<std::int64_t>(position)),
                                 static_cast<std::int32_t>(token));
    };
    using pair = std::pair<double, double>;
    for (const std::size_t step : {1U, 2U, 3U, 64U, 1000U, 32768U}) {
        CAPTURE(step);
        const auto tokens = [&](std::size_t i) { return pair{u(1, 5, i), u(1, 5, i + step)}; };
        const auto rows = [&](std::size_t i) { return pair{u(1, i, 9), u(1, i + step, 9)}; };
        const auto seeds = [&](std::size_t i) { return pair{u(i, 5, 9), u(i + step, 5, 9)}; };
        const auto mixed = [&](std::size_t i) { return pair{u(i, 5, 9), u(5, i, 9 + step)}; };
        const auto across = [&](std::size_t i) { return pair{u(1, i, 9), u(1, i, 9 + step)}; };
        CHECK(std::abs(correlation(n, tokens)) < 4);
        CHECK(std::abs(correlation(n, rows)) < 4);
        CHECK(std::abs(correlation(n, seeds)) < 4);
        CHECK(std::abs(correlation(n, mixed)) < 4);
        CHECK(std::abs(correlation(n, across)) < 4);
    }
}

TEST_CASE("pairs of tokens fill the square evenly, over tokens and over rows") {
    constexpr std::size_t n = 1'000'000, side = 32;
    const std::vector<double> expected(side * side, static_cast<double>(n) / (side * side));
    const auto cell = [](std::uint32_t a, std::uint32_t b) {
        return (a >> 27U) * side + (b >> 27U);
    };
    const auto high = [](const tw::noise_key& key, std::size_t token) {
        return tw::noise_high(key.before, key.within, static_cast<std::uint32_t>(token));
    };
    for (const std::size_t step : {1U, 2U, 16U, 4096U}) {
        CAPTURE(step);
        std::vector<double> over_tokens(side * side), over_rows(side * side);
        const tw::noise_key fixed(3, 3);
        for (std::size_t i = 0; i < n; ++i) {
            const tw::noise_key key(3, static_cast<std::int64_t>(i));
            ++over_tokens[cell(high(fixed, i), high(fixed, i + step))];
            ++over_rows[cell(high(key, 100), high(key, 100 + step))];
        }
        CHECK(std::abs(chi_square_excess(over_tokens, expected)) < 4);
        CHECK(std::abs(chi_square_excess(over_rows, expected)) < 4);
    }
}

TEST_CASE("one changed bit of seed, position or token changes half of the noise") {
    const auto bits = [](std::uint64_t seed, std::uint64_t position, std::uint64_t token) {
        return tw::noise_bits(tw::noise_key(seed, static_cast<std::int64_t>(position)),
                              static_cast<std::int32_t>(token));
    };
    const auto flipped = [&](auto change) {
        double sum = 0;
        constexpr std::uint64_t rounds = 20'000;
        for (std::uint64_t i = 0; i < rounds; ++i)
            sum += std::popcount(bits(i, 3 * i, 7 * i % 32000) ^ change(i));
        return sum / rounds;
    };
    for (unsigned bit = 0; bit < 63; ++bit) {
        CAPTURE(bit);
        const auto mask = 1ULL << bit;
        CHECK(std::abs(flipped([&](auto i) { return bits(i ^ mask, 3 * i, 7 * i % 32000); }) - 26) <
              0.2);
        CHECK(std::abs(flipped([&](auto i) { return bits(i, (3 * i) ^ mask, 7 * i % 32000); }) -
                       26) < 0.2);
        if (bit < 18)
            CHECK(std::abs(flipped([&](auto i) { return bits(i, 3 * i, (7 * i % 32000) ^ mask); }) -
                           26) < 0.3);
    }
}

TEST_CASE("the fixed logarithm is the logarithm") {
    std::mt19937_64 random(14);
    for (int i = 0; i < 200'000; ++i) {
        const double u = static_cast<double>((random() >> 11U) | 1U) * 0x1p-53;
        for (const double x : {u, 1 - u * 0x1p-20, u * 40, std::ldexp(u, -300), std::ldexp(u, 300)})
            REQUIRE(std::abs(tw::fixed_log(x) - std::log(x)) <= 5e-16 * std::abs(std::log(x)));
    }
    CHECK(tw::fixed_log(1.0) == 0.0);
}

TEST_CASE("the noise is finite at both ends of the uniform variate") {
    double least = 1, most = 0;
    for (std::int32_t token = 0; token < 200'000; ++token) {
        const auto u = tw::noise_uniform(tw::noise_key(0, 0), token);
        least = std::min(least, u);
        most = std::max(most, u);
    }
    CHECK(least > 0);
    CHECK(most < 1);
    // The extreme variates that noise_uniform can form.
    CHECK(-tw::fixed_log(-tw::fixed_log(0x1p-53)) > -3.61);
    CHECK(-tw::fixed_log(-tw::fixed_log(1 - 0x1p-53)) < 36.8);
}
