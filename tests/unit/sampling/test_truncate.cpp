// What top_k, top_p and min_p leave is exactly what sorting and adding up leaves.
#include "oracle.hpp"

#include "sampling/truncate.hpp"

#include <catch2/catch_test_macros.hpp>

#include <map>

namespace {

std::vector<std::int32_t> kept(const std::vector<float>& row, const tw::sampling_params& params,
                               tw::truncation& truncation, const tw::kernels& run) {
    const float max = run.max(row.data(), row.size());
    const auto place = truncation.find(params, row, max, run);
    std::vector<std::int32_t> ids;
    for (std::size_t x = 0; x < row.size(); ++x)
        if (row[x] > -oracle::infinity && place.survives(row[x], static_cast<std::int32_t>(x)))
            ids.push_back(static_cast<std::int32_t>(x));
    return ids;
}

} // namespace

TEST_CASE("truncation leaves what the sorted row says, whatever the instruction set") {
    std::mt19937_64 random(21);
    std::map<std::string, tw::truncation> truncations;
    constexpr float deviations[] = {3.0F, 0.5F, 0.0F, 20.0F, 1e-43F};
    constexpr float shares[] = {1.0F, 0.95F, 0.5F, 0.25F, 0.0F, 0.9999999F};
    constexpr float floors[] = {0.0F, 0.0F, 0.05F, 0.5F, 1.0F};
    for (int round = 0; round < 3000; ++round) {
        auto row = oracle::gaussian_row(random, 1 + random() % 1500, deviations[random() % 5]);
        if (random() % 3 == 0)
            for (auto& l : row)
                l = std::round(l);
        if (random() % 4 == 0)
            for (std::size_t i = 0; i < row.size(); i += 3)
                row[i] = random() % 2 != 0 ? oracle::nan : -oracle::infinity;
        if (random() % 4 == 0) std::sort(row.begin(), row.end());
        row[random() % row.size()] = 1.0F; // at least one number
        tw::sampling_params params;
        params.top_k = random() % 2 != 0 ? static_cast<std::int32_t>(random() % 400) : 0;
        params.top_p = shares[random() % 6];
        params.min_p = floors[random() % 5];
        auto expected = oracle::survivors(row, params);
        std::sort(expected.begin(), expected.end());
        for (const auto& run : tw::supported_kernels()) {
            CAPTURE(round, run.name, row.size(), params.top_k, params.top_p, params.min_p);
            REQUIRE(kept(row, params, truncations[run.name], run) == expected);
        }
    }
}

TEST_CASE("a token exactly at min_p stays") {
    tw::sampling_params params;
    params.min_p = 1.0F;
    tw::truncation truncation;
    CHECK(kept({2, 1, 2, 1.9999999F}, params, truncation, tw::supported_kernels().front()) ==
          std::vector<std::int32_t>{0, 2});
}

TEST_CASE("half of a flat row is half of the tokens, the smallest ids first") {
    tw::sampling_params params;
    params.top_p = 0.5F;
    tw::truncation truncation;
    const std::vector<float> row(100, -3.0F);
    CHECK(kept(row, params, truncation, tw::supported_kernels().front()).size() == 50);
}

TEST_CASE("the running sum may reach top_p exactly") {
    tw::sampling_params params;
    params.top_p = 33.0F / 64.0F;
    tw::truncation truncation;
    const std::vector<float> row(64, -3.0F);
    CHECK(kept(row, params, truncation, tw::supported_kernels().front()).size() == 33);
}

TEST_CASE("top_k sees a late logit that is larger by one bit") {
    tw::sampling_params params;
    params.top_k = 128;
    tw::truncation truncation;
    std::vector<float> row(320, 1.0F);
    row[300] = std::nextafter(1.0F, 2.0F);
    const auto ids = kept(row, params, truncation, tw::supported_kernels().front());
    CHECK(ids.size() == 128);
    CHECK(ids.back() == 300);
}
