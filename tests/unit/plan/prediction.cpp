// Made-up machines whose speeds can be computed by hand.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include "plan/proposal.hpp"
#include "speculation/policy.hpp"

using namespace tw::plan;
using Catch::Matchers::WithinRel;

namespace {

constexpr std::uint64_t mb = 1'000'000;

// Four layers of 100 MB, an output of 50 MB; a row is 4 kB, its logits are 40 kB.
model_shape dense() {
    model_shape out;
    out.width = 1000;
    out.vocabulary = 10'000;
    out.output_bytes = 50 * mb;
    out.layers.assign(4, {100 * mb, 0, 1000});
    return out;
}

machine far(const char* name, double seconds_per_byte, std::uint64_t memory = 1000 * mb) {
    return {name, memory, compute_speed{{{1, seconds_per_byte}}}, link_speed{0.010, 1e6, 2e6}};
}

machine here(double seconds_per_byte, bool bound = false) {
    return {"this machine", 100 * mb, compute_speed{{{1, seconds_per_byte}}, bound}, {}};
}

// Two layers each, with room for them; the output counts as a layer.
std::vector<share> halves(const model_shape& model, const std::optional<holder>& output_at = {}) {
    return split_layers(model, {{"a", 1000 * mb}, {"b", 1500 * mb}}, 0, output_at);
}

} // namespace

TEST_CASE("a pass takes the weights of every machine, a round trip to each, and the bytes of its rows") {
    const auto model = dense();
    const std::vector<machine> machines{far("a", 1e-9), far("b", 2e-9)};
    // a: 200 MB, 10 ms, 4 kB up at 1 MB/s, 4 kB down at 2 MB/s; b: 250 MB, 10 ms, 4 kB up, 40 kB of logits down.
    const double a = 0.2 + 0.010 + 0.004 + 0.002, b = 0.5 + 0.010 + 0.004 + 0.020;
    CHECK_THAT(pass_s(model, halves(model), machines, 1).value(), WithinRel(a + b, 1e-9));
    CHECK_THAT(pass_s(model, halves(model), machines, 5).value(), WithinRel(a + b + 4 * 0.030, 1e-9));
}

TEST_CASE("with the output on this machine no logits travel") {
    const auto model = dense();
    const std::vector<machine> machines{far("a", 1e-9), far("b", 2e-9), here(4e-9)};
    const auto shares = halves(model, holder{"this machine", 100 * mb});
    const double a = 0.2 + 0.016, b = 0.4 + 0.016, home = 0.2;
    CHECK_THAT(pass_s(model, shares, machines, 1).value(), WithinRel(a + b + home, 1e-9));
}

TEST_CASE("a machine that holds nothing costs nothing, one that is not measured leaves the speed unknown") {
    const auto model = dense();
    const auto shares = split_layers(model, {{"a", 5}, {"b", 0}}, 0);
    machine unknown{"b", mb, {}, link_speed{1, 1, 1}};
    CHECK_THAT(pass_s(model, shares, {far("a", 1e-9), unknown}, 1).value(), WithinRel(0.45 + 0.010 + 0.004 + 0.020, 1e-9));
    CHECK_FALSE(pass_s(model, halves(model), {far("a", 1e-9), unknown}, 1).has_value());
}

TEST_CASE("a pass has the rows that equal bits take on each machine that computes") {
    const auto model = dense();
    std::vector<machine> machines{far("a", 1e-9), far("b", 2e-9), here(4e-9)};
    const auto shares = halves(model);
    machines[2].least_rows = 8; // it holds nothing
    CHECK(pass_s(model, shares, machines, 1) == pass_s(model, shares, {far("a", 1e-9), far("b", 2e-9)}, 1));
    machines[1].least_rows = 2;
    CHECK(pass_s(model, shares, machines, 1) == pass_s(model, shares, machines, 2));
    CHECK(*pass_s(model, shares, machines, 1) < *pass_s(model, shares, machines, 3));
    CHECK_THAT(over(model, "den", machines, shares).tokens_s.value(), WithinRel(1 / (0.75 + 0.030), 1e-9));
}

TEST_CASE("a number of rows between two that were measured lies on the line, also beyond") {
    const compute_speed speed{{{1, 1.0}, {4, 1.6}, {8, 3.6}}};
    CHECK_THAT(speed.of(1), WithinRel(1.0, 1e-9));
    CHECK_THAT(speed.of(2), WithinRel(1.2, 1e-9));
    CHECK_THAT(speed.of(8), WithinRel(3.6, 1e-9));
    CHECK_THAT(speed.of(16), WithinRel(7.6, 1e-9));
}

TEST_CASE("of experts a pass reads those that its rows choose") {
    auto model = dense();
    model.experts = 8;
    model.experts_used = 2;
    for (auto& layer : model.layers) layer.expert_bytes = 80 * mb;
    const auto whole = split_layers(model, {{"a", 1}}, 0)[0];
    CHECK_THAT(bytes_read(model, whole, 1), WithinRel(4 * (20e6 + 80e6 / 4) + 50e6, 1e-9));
    CHECK_THAT(bytes_read(model, whole, 2), WithinRel(4 * (20e6 + 80e6 * (1 - 0.75 * 0.75)) + 50e6, 1e-9));
}

TEST_CASE("experts that another machine holds are its bytes, and a way there and back for each layer") {
    auto model = dense();
    model.experts = 8;
    model.experts_used = 2;
    for (auto& layer : model.layers) layer.expert_bytes = 80 * mb;
    const std::vector<machine> machines{far("a", 1e-9), far("b", 2e-9), here(4e-9)};
    auto shares = halves(model, holder{"this machine", 500 * mb});
    place_experts(model, shares, {0, 2, 2, 99}, 1); // of layer 2 they are there already
    place_experts(model, shares, {0, 3}, 2);        // those of 0 are given away
    CHECK(shares[0].weight_bytes == 120 * mb);
    CHECK(shares[1].weight_bytes == 200 * mb);
    CHECK(shares[2].weight_bytes == 130 * mb);
    CHECK(shares[1].experts_of == std::vector<std::size_t>{0});
    CHECK(shares[1].experts_away == std::vector<std::size_t>{3});
    // A layer reads 20 MB and 20 of 80 MB of experts.
    const double way = 0.016; // a round trip with a row both ways
    const double a = 0.06 + 2 * way, b = 2 * 0.08 + 3 * way, home = 4e-9 * 70e6;
    CHECK_THAT(pass_s(model, shares, machines, 1).value(), WithinRel(a + b + home, 1e-9));
}

TEST_CASE("drafts are as long as pays best") {
    CHECK_THAT(tw::expected_tokens(0.5, 3), WithinRel(1.875, 1e-9));
    CHECK_THAT(tw::expected_tokens(1, 3), WithinRel(4.0, 1e-9));
    const auto pass = [](std::uint32_t rows) { return 1 + 0.1 * (rows - 1); };
    // E(4) = 3.3616 tokens in 4 x .1 + 1.4 s; three give 1.845 tokens/s, five 1.8446.
    const auto best = best_drafting(pass, 0.1, 0.8, 31);
    CHECK(best.length == 4);
    CHECK_THAT(best.tokens_s, WithinRel(3.3616 / 1.8, 1e-9));
    CHECK(best_drafting(pass, 0.1, 0.8, 2).length == 2);
    const auto useless = best_drafting(pass, 0.1, 0.05, 31);
    CHECK(useless.length == 0);
    CHECK_THAT(useless.tokens_s, WithinRel(1.0, 1e-9));
}

TEST_CASE("a pool slower than one of its machines is known, and what that machine would give") {
    const auto model = dense();
    const std::vector<machine> machines{far("a", 1e-9), far("b", 2e-9)};
    const auto pool = over(model, "den", machines, halves(model));
    CHECK(pool.fits);
    CHECK_THAT(pool.tokens_s.value(), WithinRel(1 / 0.75, 1e-9));
    std::vector<proposal> all{alone(model, here(0.1e-9, true), 0), alone(model, machines[0], 0), alone(model, machines[1], 0)};
    CHECK_FALSE(all[0].fits); // 450 MB into 100
    CHECK_THAT(all[1].tokens_s.value(), WithinRel(1 / 0.45, 1e-9));
    REQUIRE(better_alone(pool, all) == &all[1]);
    CHECK(best_of(all) == &all[1]);
    const auto many = replicas(all);
    REQUIRE(many.has_value());
    CHECK(many->answers == 2);
    CHECK_THAT(many->sum_tokens_s, WithinRel(1 / 0.45 + 1 / 0.9, 1e-9));

    // Where no machine holds the model, the slowest pool is the best there is.
    const std::vector<machine> small{far("a", 1e-9, 300 * mb), far("b", 2e-9, 300 * mb)};
    const std::vector<proposal> none{alone(model, small[0], 0), alone(model, small[1], 0)};
    CHECK(better_alone(over(model, "den", small, halves(model)), none) == nullptr);
    CHECK_FALSE(replicas(none).has_value());
}

TEST_CASE("a speed that is only a bound refuses no pool, and is recommended as one") {
    const auto model = dense();
    auto large = here(0.1e-9, true);
    large.memory_bytes = 1000 * mb;
    const auto pool = over(model, "den", {far("a", 1e-9), far("b", 2e-9)}, halves(model));
    const std::vector<proposal> all{alone(model, large, 0), pool};
    CHECK(better_alone(pool, all) == nullptr);
    CHECK(best_of(all)->at_most);
}

TEST_CASE("drafts hide a slow link") {
    auto model = dense();
    const std::vector<machine> machines{far("a", 1e-12), far("b", 1e-12), here(1e-12)};
    const auto pool = over(model, "den", machines, halves(model, holder{"this machine", 100 * mb}));
    const auto drafted = with_drafts(pool, model, machines, {0.0001, 0.8, 31});
    REQUIRE(drafted.has_value());
    CHECK(drafted->draft_tokens > 1);
    CHECK(*drafted->tokens_s > *pool.tokens_s);
    auto silent = pool;
    silent.tokens_s.reset();
    CHECK_FALSE(with_drafts(silent, model, machines, {0.0001, 0.8, 31}).has_value());
}

TEST_CASE("the fastest machine is filled first, and libllama's split does as it is told") {
    const auto model = dense();
    const std::vector<machine> machines{far("a", 2e-9), far("b", 1e-9, 270 * mb)};
    const auto layers = fastest_first(model, machines, 0); // 50 of 270 MB are kept for the output
    REQUIRE(layers.has_value());
    CHECK(*layers == std::vector<std::uint64_t>{2, 3});
    const auto shares = split_layers(model, {{"a", (*layers)[0]}, {"b", (*layers)[1]}}, 0);
    CHECK(shares[0].count == 2);
    CHECK(shares[1].count == 2);
    CHECK(shares[1].output);

    // A machine that is not needed holds nothing.
    CHECK(*fastest_first(model, {far("a", 2e-9), far("b", 1e-9)}, 0) == std::vector<std::uint64_t>{0, 5});
    CHECK(*fastest_first(model, {far("a", 1e-9), far("b", 2e-9)}, 0) == std::vector<std::uint64_t>{5, 0});
    // The caches of the slots count: 100 MB for each of 100,000 tokens of 1000 bytes.
    CHECK_FALSE(fastest_first(model, {far("a", 1e-9, 450 * mb)}, 100'000).has_value());
    CHECK_FALSE(fastest_first(model, {far("a", 1e-9, 0)}, 0).has_value());
}
