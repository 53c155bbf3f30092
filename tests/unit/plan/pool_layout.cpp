// Who of a pool holds what, counted by hand.
#include <catch2/catch_test_macros.hpp>

#include "plan/pool_layout.hpp"

using namespace tw::plan;

namespace {

model_shape ten_layers() {
    model_shape out;
    out.output_bytes = 50;
    out.layers.assign(10, {100, 80, 0});
    return out;
}

pool_layout two_workers() {
    pool_layout out;
    out.workers = {{"a", 500}, {"b", 500}};
    out.here = {"here", 70};
    return out;
}

} // namespace

TEST_CASE("the memories divide, or shares in their place, which change what fits and not the memories") {
    const auto model = ten_layers();
    auto pool = two_workers();
    const auto equal = lay_out(model, pool, 0);
    REQUIRE(equal.size() == 3);
    CHECK(equal[0].count == 6); // the output counts as a layer behind the last
    CHECK(equal[1].count == 4);
    CHECK(equal[2].output);
    CHECK(equal[2].fits());
    pool.by = {1};
    const auto first = lay_out(model, pool, 0);
    CHECK(first[0].count == 10);
    CHECK(first[0].memory_bytes == 500);
    CHECK_FALSE(first[0].fits());
    pool.by = {0, 0};
    CHECK(lay_out(model, pool, 0).empty());
}

TEST_CASE("a GPU of this machine has its place among the devices, and its share behind those of the workers") {
    const auto model = ten_layers();
    auto pool = two_workers();
    pool.gpu = holder{"gpu", 1000};
    auto shares = lay_out(model, pool, 0);
    REQUIRE(shares.size() == 4);
    CHECK(shares[0].first == 0);
    CHECK(shares[2].name == "gpu");
    CHECK(shares[2].count == 4);
    CHECK(shares[2].first == 6);
    pool.output_here = false;
    shares = lay_out(model, pool, 0);
    REQUIRE(shares.size() == 3);
    CHECK(shares[2].name == "gpu");
    CHECK(shares[2].first == 0);
    CHECK(shares[0].first == 6);
    CHECK(shares[1].output);
}

TEST_CASE("experts leave for the worker that is given them, or for this machine's processor") {
    const auto model = ten_layers();
    auto pool = two_workers();
    pool.experts = {{}, {0, 1}};
    pool.experts_here = {1, 2, 9};
    auto shares = lay_out(model, pool, 0);
    CHECK(shares[0].weight_bytes == 600 - 3 * 80); // of 0, 1 and 2
    CHECK(shares[1].weight_bytes == 400 + 2 * 80 - 80);
    CHECK(shares[2].weight_bytes == 50 + 2 * 80); // those of 1 were given away before
    pool.output_here = false;
    shares = lay_out(model, pool, 0);
    REQUIRE(shares.size() == 3);
    CHECK(shares[2].name == "here");
    CHECK(shares[2].weight_bytes == 2 * 80);
}

TEST_CASE("experts that are balanced lie where memory is free, and with their layer as far as that goes") {
    auto model = ten_layers();
    auto pool = two_workers();
    pool.balanced = {0, 1};
    pool.by = {1}; // all layers on the first
    pool.workers[1].memory_bytes = 560;
    // Free: 500 - 10 x 20 = 300 and 560, for 800 bytes of experts, so 279 and 521 are meant: three layers' stay, six go, and
    // so does the last, since then 41 is left there and 39 here.
    auto shares = lay_out(model, pool, 0);
    CHECK(shares[0].experts_away == std::vector<std::size_t>{3, 4, 5, 6, 7, 8, 9});
    CHECK(shares[1].experts_of == shares[0].experts_away);
    CHECK(shares[0].weight_bytes == 10 * 20 + 3 * 80);
    CHECK(shares[1].weight_bytes == 7 * 80);
    CHECK(shares[0].fits());

    pool.by = {1, 1}; // six layers and four; 600 and 400 are free: nothing moves
    pool.workers = {{"a", 720}, {"b", 480}};
    shares = lay_out(model, pool, 0);
    CHECK(shares[0].experts_away.empty());
    CHECK(shares[1].experts_away.empty());

    pool.by = {1};
    model.layers[9].expert_bytes = 400; // the largest goes first, to the larger room
    model.layers[9].bytes = 420;
    pool.workers = {{"a", 500}, {"b", 1500}};
    shares = lay_out(model, pool, 0);
    REQUIRE_FALSE(shares[1].experts_of.empty());
    CHECK(shares[1].experts_of.front() == 9);
}

TEST_CASE("experts that were given by number stay there, and only who is to take part gets others") {
    const auto model = ten_layers();
    auto pool = two_workers();
    pool.by = {1};
    pool.experts = {{0, 1}, {9}};
    pool.experts_here = {8};
    pool.balanced = {1};
    auto shares = lay_out(model, pool, 0);
    CHECK(shares[0].weight_bytes == 10 * 20 + 2 * 80); // its own, by number
    CHECK(shares[1].experts_of == std::vector<std::size_t>{9, 2, 3, 4, 5, 6, 7});
    CHECK(shares[2].experts_of == std::vector<std::size_t>{8});
    pool.workers[1].memory_bytes = 0; // nothing is free there, so nothing is divided
    shares = lay_out(model, pool, 0);
    CHECK(shares[1].experts_of == std::vector<std::size_t>{9});
}
