// Every version of the loops that this processor runs gives the same answers.
#include "oracle.hpp"

#include "sampling/kernels.hpp"

#include <catch2/catch_test_macros.hpp>

#include <bit>

TEST_CASE("the instruction set does not change a maximum or a weight") {
    std::mt19937_64 random(1);
    for (const std::size_t n : {1U, 63U, 64U, 65U, 1000U, 4099U}) {
        auto row = oracle::gaussian_row(random, n, 6.0F);
        if (n > 1) row[n / 2] = oracle::nan;
        const auto& plain = tw::supported_kernels().back();
        const float max = plain.max(row.data(), n);
        std::vector<std::uint64_t> expected(n);
        std::vector<std::int32_t> expected_buckets(n);
        const auto sum = plain.weigh(row.data(), n, max, expected.data(), expected_buckets.data());
        for (std::size_t x = 0; x < n; ++x)
            CHECK(expected[x] == oracle::weight(static_cast<double>(row[x]) - max));
        for (const auto& run : tw::supported_kernels()) {
            CAPTURE(run.name, n);
            std::vector<std::uint64_t> weights(n);
            std::vector<std::int32_t> buckets(n);
            CHECK(run.max(row.data(), n) == max);
            CHECK(run.weigh(row.data(), n, max, weights.data(), buckets.data()) == sum);
            CHECK(weights == expected);
            CHECK(buckets == expected_buckets);
        }
    }
}

TEST_CASE("a weight is 2^40 times the exponential") {
    for (double d = 0; d > -30; d -= 0.01) {
        const auto exact = std::exp(d) * 0x1p40;
        CHECK(std::abs(static_cast<double>(oracle::weight(d)) - exact) <= 0.51 + exact * 1e-11);
    }
}

TEST_CASE("the instruction set does not change which blocks hold candidates") {
    std::mt19937_64 random(2);
    for (int round = 0; round < 40; ++round) {
        const std::size_t n = 1 + random() % 3000;
        auto row = oracle::gaussian_row(random, n, 3.0F);
        row[random() % n] = oracle::nan;
        row[random() % n] = -oracle::infinity;
        const tw::noise_key key(random(), round);
        const auto& plain = tw::supported_kernels().back();
        const tw::candidate_bound bound{.before = key.before,
                                        .within = key.within,
                                        .max = std::max(plain.max(row.data(), n), -1e30F),
                                        .slope = 1.2e7F,
                                        .offset = (158.0F - static_cast<float>(round)) * 0x1p23F,
                                        .floor = -4.0F};
        for (const auto& run : tw::supported_kernels()) {
            CAPTURE(run.name, n);
            for (std::size_t i = 0; i < n; i += tw::candidate_block) {
                CHECK(run.next_candidates(row.data(), n, i, bound) ==
                      plain.next_candidates(row.data(), n, i, bound));
                CHECK(run.next_at_least(row.data(), n, i, 7.0F) ==
                      plain.next_at_least(row.data(), n, i, 7.0F));
            }
        }
    }
}
