// A grammar's mask: what is picked under it equals the naive rule on the masked row, and it can go back.
#include "oracle.hpp"

#include "sampling/sampler.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <optional>

namespace {

/// Allows what its hash of the tokens so far says, about `share` of them.
class hashed_mask final : public tw::token_mask {
  public:
    hashed_mask(std::uint64_t state, double share) : state_(state), share_(share) {}

    [[nodiscard]] tw::result<std::unique_ptr<tw::token_mask>> clone() const override {
        return std::make_unique<hashed_mask>(*this);
    }
    [[nodiscard]] tw::result<void> allowed(std::span<const std::int32_t> tokens,
                                           std::span<std::uint8_t> out) const override {
        for (std::size_t i = 0; i < tokens.size(); ++i)
            out[i] = allows(tokens[i]);
        return {};
    }
    [[nodiscard]] tw::result<void> accept(std::int32_t token) override {
        state_ = tw::mix64(state_ * 31 + static_cast<std::uint64_t>(token) + 1);
        return {};
    }
    [[nodiscard]] bool allows(std::int32_t token) const {
        const auto bits = tw::mix64(state_ ^ static_cast<std::uint64_t>(token) * 0x9e3779b97f4a7c15ULL);
        return static_cast<double>(bits >> 11U) * 0x1p-53 < share_;
    }

  private:
    std::uint64_t state_;
    double share_;
};

class broken_mask final : public tw::token_mask {
  public:
    [[nodiscard]] tw::result<std::unique_ptr<tw::token_mask>> clone() const override {
        return std::make_unique<broken_mask>();
    }
    [[nodiscard]] tw::result<void> allowed(std::span<const std::int32_t>, std::span<std::uint8_t>) const override {
        return tw::fail(tw::code::internal, "It broke.");
    }
    [[nodiscard]] tw::result<void> accept(std::int32_t) override { return {}; }
};

std::vector<float> masked(std::vector<float> row, const hashed_mask& mask) {
    for (std::size_t x = 0; x < row.size(); ++x)
        if (!mask.allows(static_cast<std::int32_t>(x))) row[x] = -oracle::infinity;
    return row;
}

tw::sampling_params random_params(std::mt19937_64& random) {
    constexpr float temperatures[] = {1.0F, 0.7F, 0.1F, 5.0F, 0.0F};
    constexpr float heads[] = {1.0F, 1.0F, 0.95F, 0.5F, 0.0F};
    constexpr float floors[] = {0.0F, 0.0F, 0.05F, 0.5F, 1.0F};
    constexpr std::int32_t counts[] = {0, 0, 1, 5, 40, 300};
    tw::sampling_params params;
    params.temperature = temperatures[random() % 5];
    params.top_p = heads[random() % 5];
    params.min_p = floors[random() % 5];
    params.top_k = counts[random() % 6];
    params.presence_penalty = random() % 2 != 0 ? 0.7F : 0.0F;
    params.repeat_penalty = random() % 2 != 0 ? 1.3F : 1.0F;
    if (random() % 2 != 0) params.logit_bias.emplace_back(3, 4.0F);
    params.seed = random();
    return params;
}

} // namespace

TEST_CASE("a pick under a mask equals the naive rule on the masked row") {
    std::mt19937_64 random(11);
    constexpr std::size_t sizes[] = {5, 64, 300, 777, 3000};
    constexpr double shares[] = {0.002, 0.05, 0.3, 0.9, 1.0};
    int refused = 0;
    for (int round = 0; round < 3000; ++round) {
        const auto n = sizes[random() % 5];
        auto row = oracle::gaussian_row(random, n, random() % 2 != 0 ? 3.0F : 0.5F);
        if (random() % 4 == 0)
            for (auto& l : row)
                l = std::round(l);
        const auto params = random_params(random);
        const hashed_mask mask(random(), shares[random() % 5]);
        oracle::history past{.prompt = {1, 2, 3}, .generated = {}};
        tw::sampler sampler(params, static_cast<std::int32_t>(n));
        sampler.constrain(std::make_unique<hashed_mask>(mask));
        sampler.prompt(past.prompt);
        CAPTURE(round, n, params.temperature, params.top_k, params.top_p, params.min_p);
        const auto wanted = masked(row, mask);
        const auto picked = sampler.pick(row, round);
        if (std::all_of(wanted.begin(), wanted.end(), [](float l) { return l == -oracle::infinity; })) {
            REQUIRE(sampler.failure().has_value());
            ++refused;
            continue;
        }
        REQUIRE_FALSE(sampler.failure().has_value());
        REQUIRE(picked == oracle::pick(wanted, params, round, past));
        const auto ranked = sampler.pick_ranked(row, round);
        REQUIRE(ranked.token == picked);
        if (ranked.runner_up >= 0) REQUIRE(mask.allows(ranked.runner_up));
    }
    CHECK(refused > 0);
}

TEST_CASE("a mask goes back with the tokens, however far") {
    std::mt19937_64 random(12);
    constexpr std::int32_t n = 200;
    const hashed_mask start(99, 0.3);
    tw::sampler sampler({.seed = 4}, n);
    sampler.constrain(std::make_unique<hashed_mask>(start));
    std::vector<std::int32_t> tokens;
    for (int step = 0; step < 400; ++step) {
        const auto back = step % 50 == 49 ? tokens.size() : std::min<std::size_t>(random() % 40, tokens.size());
        if (random() % 3 == 0) {
            sampler.pop(back);
            tokens.resize(tokens.size() - back);
        }
        for (auto i = random() % 30; i != 0; --i) {
            tokens.push_back(static_cast<std::int32_t>(random() % n));
            sampler.push(tokens.back());
        }
        auto expected = start;
        for (const auto token : tokens)
            REQUIRE(expected.accept(token).has_value());
        const auto row = oracle::gaussian_row(random, n, 2.0F);
        tw::sampler fresh({.seed = 4}, n);
        fresh.constrain(std::make_unique<hashed_mask>(expected));
        REQUIRE(sampler.pick(row, step) == fresh.pick(row, step));
        REQUIRE_FALSE(sampler.failure().has_value());
    }
}

TEST_CASE("a mask that fails says why and stands in nobody's way") {
    tw::sampler sampler({.temperature = 0, .seed = 1}, 4);
    sampler.constrain(std::make_unique<broken_mask>());
    const std::vector<float> row{0, 1, 3, 2};
    CHECK(sampler.pick(row, 0) == 2);
    REQUIRE(sampler.failure().has_value());
    CHECK(sampler.failure()->message == "It broke.");
    sampler.release();
    CHECK_FALSE(sampler.failure().has_value());
}
