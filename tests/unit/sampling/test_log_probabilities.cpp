// Log probabilities against the definition.
#include "sampling/log_probabilities.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>
#include <vector>

TEST_CASE("log probabilities are the log softmax, the likeliest first") {
    const std::vector<float> logits{1, 3, 2, 3, -100};
    double sum = 0;
    for (const auto logit : logits) sum += std::exp(double(logit));
    const auto got = tw::log_probabilities(logits, 2, 3);
    CHECK(got.logprob == Catch::Approx(2 - std::log(sum)));
    REQUIRE(got.top.size() == 3);
    CHECK(got.top[0].token == 1); // of two equal ones the smaller id
    CHECK(got.top[1].token == 3);
    CHECK(got.top[2].token == 2);
    CHECK(got.top[2].logprob == got.logprob);
    double all = 0;
    for (const auto& each : tw::log_probabilities(logits, 0, 9).top) all += std::exp(each.logprob);
    CHECK(all == Catch::Approx(1));
}

TEST_CASE("what is no number is no likely token") {
    constexpr auto nan = std::numeric_limits<float>::quiet_NaN();
    constexpr auto inf = std::numeric_limits<float>::infinity();
    const auto got = tw::log_probabilities(std::vector<float>{nan, 0, -inf, 0}, 0, 4);
    CHECK(got.logprob == -std::numeric_limits<double>::infinity());
    CHECK(got.top[0].token == 1);
    CHECK(got.top[0].logprob == Catch::Approx(std::log(0.5)));
    CHECK(std::isinf(tw::log_probabilities(std::vector<float>{nan, nan}, 1, 2).logprob));
}
