// Settings that mean nothing are refused with a sentence; the others pass.
#include "oracle.hpp"

#include "sampling/validate.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace {

std::string refusal(auto change) {
    tw::sampling_params params;
    change(params);
    const auto answer = tw::validate(params, 100);
    if (answer) return "";
    CHECK(answer.error().code == tw::code::invalid_argument);
    CHECK(answer.error().message.find(answer.error().param) != std::string::npos);
    return answer.error().message;
}

} // namespace

TEST_CASE("usable settings pass") {
    CHECK(refusal([](auto&) {}).empty());
    CHECK(refusal([](auto& p) { p.temperature = 0; }).empty());
    CHECK(refusal([](auto& p) { p.top_p = 0; }).empty());
    CHECK(refusal([](auto& p) { p.repeat_last_n = -1; }).empty());
    CHECK(refusal([](auto& p) { p.logit_bias = {{0, -100.0F}, {99, -oracle::infinity}}; }).empty());
}

TEST_CASE("a refusal names the field, the value and the remedy") {
    CHECK(refusal([](auto& p) { p.temperature = -0.5F; }) ==
          "temperature is -0.5; use 0 (greedy) or more.");
    CHECK(refusal([](auto& p) { p.top_k = -1; }) == "top_k is -1; use 0 (off) or more.");
    CHECK(refusal([](auto& p) { p.top_p = 1.5F; }) == "top_p is 1.5; use 0 to 1 (off).");
    CHECK(refusal([](auto& p) { p.min_p = -1; }) == "min_p is -1; use 0 (off) to 1.");
    CHECK(refusal([](auto& p) { p.repeat_penalty = 0; }) ==
          "repeat_penalty is 0; use more than 0; 1 is off.");
    CHECK(refusal([](auto& p) { p.repeat_last_n = -2; }) ==
          "repeat_last_n is -2; use -1 (all), 0 (off) or more.");
    CHECK(refusal([](auto& p) {
              p.logit_bias = {{100, 1.0F}};
          }) == "A token id in logit_bias is 100; use ids from 0 to 99.");
    CHECK(refusal([](auto& p) {
              p.logit_bias = {{3, oracle::infinity}};
          }) ==
          "The bias of token 3 in logit_bias is inf; use a finite number, or -infinity to ban it.");
}

TEST_CASE("not-a-number is refused in every field") {
    CHECK_FALSE(refusal([](auto& p) { p.temperature = oracle::nan; }).empty());
    CHECK_FALSE(refusal([](auto& p) { p.top_p = oracle::nan; }).empty());
    CHECK_FALSE(refusal([](auto& p) { p.min_p = oracle::nan; }).empty());
    CHECK_FALSE(refusal([](auto& p) { p.repeat_penalty = oracle::nan; }).empty());
    CHECK_FALSE(refusal([](auto& p) { p.presence_penalty = oracle::nan; }).empty());
    CHECK_FALSE(refusal([](auto& p) { p.frequency_penalty = oracle::nan; }).empty());
    CHECK_FALSE(refusal([](auto& p) { p.logit_bias = {{3, oracle::nan}}; }).empty());
}
