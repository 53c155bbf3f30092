// Medians, tails and intervals against printed tables.
#include <utility>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "commands/bench_statistics.hpp"

using Catch::Approx;
using namespace tw::cli;

namespace {

std::vector<double> one_to(int n) {
    std::vector<double> out;
    for (int i = n; i >= 1; --i) out.push_back(i);
    return out;
}

} // namespace

TEST_CASE("the median and the 95th percentile of unsorted values") {
    CHECK(median({}) == 0);
    CHECK(median({3, 1, 2}) == 2);
    CHECK(median({4, 1, 3, 2}) == 2.5);
    CHECK(p95({}) == 0);
    CHECK(p95({7}) == 7);
    CHECK(p95(one_to(100)) == 95);
    CHECK(p95(one_to(30)) == 29);
    CHECK(p95(one_to(20)) == 19);
}

TEST_CASE("the interval of a median uses the ranks of the printed tables") {
    const auto ranks = [](int n) {
        const auto found = median_interval(one_to(n));
        return std::pair(found.low, found.high);
    };
    CHECK(ranks(5) == std::pair(1.0, 5.0)); // 93.75 %, the most there is
    CHECK(ranks(6) == std::pair(1.0, 6.0));
    CHECK(ranks(9) == std::pair(2.0, 8.0));
    CHECK(ranks(20) == std::pair(6.0, 15.0));
    CHECK(ranks(30) == std::pair(10.0, 21.0));
    CHECK(ranks(100) == std::pair(40.0, 61.0));
    const auto many = ranks(5000); // where 2^-n underflows; normal approximation: 2500 -+ .98 sqrt(5000)
    CHECK(many.first == Approx(2431).margin(2));
    CHECK(many.second == Approx(5001 - many.first));
    CHECK(median_interval({}).high == 0);
}
