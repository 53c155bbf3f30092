// What answers that share passes are charged for.
#include <catch2/catch_test_macros.hpp>

#include "harness.hpp"

using namespace tw;

namespace {

sequence_request endless(std::uint64_t seed, std::int32_t tokens) {
    auto request = ask(seed, 1, tokens);
    request.sampling.logit_bias = {{1, -100.0F}};
    return request;
}

} // namespace

TEST_CASE("the times of what answers share add up to no more than passed on the wall") {
    scheduler four(toy_model(R"({"delay_us":1000})"), toy_drafter("{}"), {});
    const auto start = steady::now();
    std::vector<std::shared_ptr<collected>> sinks;
    for (std::uint64_t i = 0; i < 4; ++i) {
        sinks.push_back(std::make_shared<collected>());
        REQUIRE(four.submit(endless(i, 100), sinks.back()).has_value());
    }
    for (const auto& sink : sinks) {
        const auto stats = sink->result.get().stats;
        CHECK(stats.verify_s > 0);
        CHECK(stats.draft_s > 0);
    }
    const auto wall = seconds_since(start);
    const auto totals = four.state().totals;
    CHECK(totals.verify_s + totals.draft_s <= wall);
}

TEST_CASE("an answer without speculation is not charged for its neighbour's drafts") {
    scheduler two(toy_model(R"({"delay_us":500})"), toy_drafter(R"({"delay_us":500})"), {});
    auto drafted = std::make_shared<collected>(), plain = std::make_shared<collected>();
    REQUIRE(two.submit(endless(1, 200), drafted).has_value());
    drafted->began.wait();
    auto request = endless(2, 20);
    request.speculate = false;
    REQUIRE(two.submit(request, plain).has_value());
    const auto off = plain->result.get().stats;
    CHECK(off.drafted == 0);
    CHECK(off.draft_s == 0);
    CHECK(drafted->result.get().stats.draft_s > 0);
}
