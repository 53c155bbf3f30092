// The sampler equals the naive rule, on rows of every kind.
#include "oracle.hpp"

#include "sampling/sampler.hpp"

#include <catch2/catch_test_macros.hpp>

#include <limits>

namespace {

std::int32_t below(std::mt19937_64& random, std::int32_t n) {
    return static_cast<std::int32_t>(random() % static_cast<std::uint64_t>(n));
}

std::int32_t pick(const std::vector<float>& row, const tw::sampling_params& params,
                  std::int64_t position) {
    return tw::sampler(params, static_cast<std::int32_t>(row.size())).pick(row, position);
}

tw::sampling_params random_params(std::mt19937_64& random) {
    constexpr float temperatures[] = {1.0F, 0.7F, 0.1F, 1.5F, 5.0F, 1e-6F, 1e-30F, 1e9F, 0.0F};
    constexpr float heads[] = {1.0F, 1.0F, 0.95F, 0.5F, 0.999F, 0.0F};
    constexpr float floors[] = {0.0F, 0.0F, 0.05F, 0.5F, 1e-6F, 1.0F};
    constexpr std::int32_t counts[] = {0, 0, 1, 5, 40, 300};
    tw::sampling_params params;
    params.temperature = temperatures[random() % 9];
    params.top_p = heads[random() % 6];
    params.min_p = floors[random() % 6];
    params.top_k = counts[random() % 6];
    params.seed = random();
    return params;
}

std::vector<float> random_row(std::mt19937_64& random) {
    const std::size_t sizes[] = {1, 2, 63, 64, 65, 500, 777, 2048};
    const std::size_t n = sizes[random() % 8];
    constexpr float deviations[] = {3.0F, 3.0F, 0.0F, 0.1F, 10.0F, 1e5F, 1e-40F};
    auto row = oracle::gaussian_row(random, n, deviations[random() % 7]);
    if (random() % 4 == 0) // ties
        for (auto& l : row)
            l = std::round(l);
    if (random() % 4 == 0) // masks and damage
        for (auto& l : row)
            switch (random() % 8) {
            case 0:
                l = oracle::nan;
                break;
            case 1:
                l = -oracle::infinity;
                break;
            case 2:
                l = -3.4e38F;
                break;
            case 3:
                l = 3.4e38F;
                break;
            default:
                break;
            }
    if (random() % 8 == 0) std::sort(row.begin(), row.end());
    return row;
}

} // namespace

TEST_CASE("the fast pick equals the naive rule on thousands of random rows") {
    std::mt19937_64 random(1);
    for (int round = 0; round < 6000; ++round) {
        const auto row = random_row(random);
        const auto params = random_params(random);
        const auto position = static_cast<std::int64_t>(random() >> 1U);
        CAPTURE(round, row.size(), params.temperature, params.top_k, params.top_p, params.min_p);
        REQUIRE(pick(row, params, position) == oracle::pick(row, params, position));
    }
}

TEST_CASE("the fast pick equals the naive rule at real vocabulary sizes") {
    std::mt19937_64 random(2);
    for (const std::size_t n : {32000U, 152064U})
        for (const float deviation : {3.0F, 0.0F, 1e-3F}) {
            const auto row = oracle::gaussian_row(random, n, deviation);
            for (std::int64_t position = 0; position < 6; ++position) {
                auto params = random_params(random);
                CAPTURE(n, deviation, params.temperature, params.top_k, params.top_p, params.min_p);
                CHECK(pick(row, params, position) == oracle::pick(row, params, position));
                params.temperature = 1.0F;
                CHECK(pick(row, params, position) == oracle::pick(row, params, position));
            }
        }
}

TEST_CASE("penalties and bias equal the naive rule through pushes and roll-backs") {
    std::mt19937_64 random(3);
    constexpr std::int32_t n = 40;
    for (int round = 0; round < 300; ++round) {
        auto params = random_params(random);
        params.temperature = 0.8F;
        params.repeat_penalty = random() % 2 != 0 ? 1.3F : 1.0F;
        params.repeat_last_n = std::int32_t{-1} + below(random, 12);
        params.presence_penalty = random() % 2 != 0 ? 0.7F : 0.0F;
        params.frequency_penalty = random() % 2 != 0 ? -0.4F : 0.0F;
        for (auto i = random() % 4; i != 0; --i)
            params.logit_bias.emplace_back(below(random, n), static_cast<float>(i) - 2.0F);
        if (random() % 4 == 0) params.logit_bias.emplace_back(below(random, n), -oracle::infinity);
        oracle::history past;
        for (auto i = random() % 20; i != 0; --i)
            past.prompt.push_back(below(random, n));
        tw::sampler sampler(params, n);
        sampler.prompt(past.prompt);
        for (int step = 0; step < 30; ++step) {
            const auto row = oracle::gaussian_row(random, n, 2.0F);
            const auto position =
                static_cast<std::int64_t>(past.prompt.size() + past.generated.size());
            REQUIRE(sampler.pick(row, position) == oracle::pick(row, params, position, past));
            const auto drafted = random() % 6;
            for (std::uint64_t i = 0; i < drafted; ++i) {
                past.generated.push_back(below(random, n));
                sampler.push(past.generated.back());
            }
            const auto back = std::min<std::size_t>(random() % 5, past.generated.size());
            past.generated.resize(past.generated.size() - back);
            sampler.pop(back);
        }
    }
}

TEST_CASE("a ranked pick is the pick, and its runner-up wins when it is banned") {
    std::mt19937_64 random(77);
    for (int i = 0; i < 2000; ++i) {
        const auto row = random_row(random);
        auto params = random_params(random);
        params.temperature = std::max(params.temperature, i % 3 == 0 ? 0.0F : 0.1F);
        const auto position = static_cast<std::int64_t>(random() % 5000);
        tw::sampler one(params, static_cast<std::int32_t>(row.size()));
        const auto ranked = one.pick_ranked(row, position);
        CHECK(ranked.token == pick(row, params, position));
        CHECK(ranked.margin >= 0);
        if (ranked.runner_up < 0 || params.top_k != 0 || params.top_p < 1 || params.min_p > 0) continue;
        auto banned = params;
        banned.logit_bias = {{ranked.token, -std::numeric_limits<float>::infinity()}};
        CHECK(ranked.runner_up == pick(row, banned, position));
    }
}

TEST_CASE("more is never popped than was pushed") {
    tw::sampling_params params;
    params.temperature = 0;
    params.repeat_penalty = 10.0F;
    const std::vector<float> row{2.0F, 1.0F};
    tw::sampler sampler(params, 2);
    sampler.prompt(std::vector<std::int32_t>{0});
    CHECK(sampler.pick(row, 1) == 1);
    sampler.push(1);
    CHECK(sampler.pick(row, 2) == 0);
    sampler.pop(100);
    CHECK(sampler.pick(row, 1) == 1);
}

TEST_CASE("temperature 0 takes the largest logit, the smallest id among equals") {
    tw::sampling_params params;
    params.temperature = 0;
    CHECK(pick({1, 3, 2, 3}, params, 0) == 1);
    CHECK(pick({oracle::nan, 1, oracle::nan}, params, 0) == 1);
    std::vector<float> row(1000, 0.5F);
    row[700] = row[701] = 0.75F;
    CHECK(pick(row, params, 9) == 700);
}

TEST_CASE("logits that are not numbers never win, and never crash") {
    tw::sampling_params params;
    constexpr float bad = -oracle::infinity;
    for (const float temperature : {0.0F, 1.0F})
        for (std::int64_t position = 0; position < 200; ++position) {
            params.temperature = temperature;
            CHECK(pick({bad, oracle::nan, -1e30F, bad}, params, position) == 2);
            CHECK(pick({oracle::nan, bad}, params, position) == 0);
            CHECK(pick({bad, bad}, params, position) == 0);
            CHECK(pick({1, oracle::infinity, oracle::infinity, bad}, params, position) == 1);
            CHECK(pick({}, params, position) == 0);
        }
}

TEST_CASE("a banned token is never chosen") {
    tw::sampling_params params;
    params.logit_bias = {{1, -oracle::infinity}};
    for (std::int64_t position = 0; position < 500; ++position)
        CHECK(pick({0, 10, 0}, params, position) != 1);
}

TEST_CASE("top_k 1 is greedy at any temperature") {
    std::mt19937_64 random(4);
    tw::sampling_params params;
    params.top_k = 1;
    params.temperature = 3.0F;
    for (std::int64_t position = 0; position < 50; ++position) {
        const auto row = oracle::gaussian_row(random, 300, 1.0F);
        CHECK(pick(row, params, position) ==
              std::max_element(row.begin(), row.end()) - row.begin());
    }
}
