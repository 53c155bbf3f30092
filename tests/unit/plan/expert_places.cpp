// Made-up machines between which the experts of a mixture are moved; gains counted by hand.
#include <catch2/catch_test_macros.hpp>

#include "plan/expert_places.hpp"

using namespace tw::plan;

namespace {

constexpr std::uint64_t mb = 1'000'000;
using lists = std::vector<std::vector<std::uint32_t>>;

// Four layers of 100 MB, 80 of them experts, of which a row reads a quarter; a row on its way is 4 kB.
model_shape mixture() {
    model_shape out;
    out.width = 1000;
    out.experts = 8;
    out.experts_used = 2;
    out.layers.assign(4, {100 * mb, 80 * mb, 0});
    return out;
}

machine at(const char* name, double seconds_per_byte, std::uint64_t memory, double round_trip_s) {
    return {name, memory, compute_speed{{{1, seconds_per_byte}}}, link_speed{round_trip_s, 0, 0}};
}

// All layers on the first machine.
std::vector<share> first_holds_all(const model_shape& model, const std::vector<machine>& machines) {
    std::vector<holder> holders;
    for (const auto& one : machines) holders.push_back({one.name, one.memory_bytes});
    return split_layers(model, holders, 0, {}, {1});
}

lists fastest(const model_shape& model, const std::vector<machine>& machines) {
    return fastest_experts(model, first_holds_all(model, machines), machines, machines.size());
}

} // namespace

TEST_CASE("experts go to a faster machine as far as it has room, where they gain more than the way there costs") {
    const auto model = mixture();
    // 20 MB are read of a layer's experts: 0.2 s at the slow machine, 0.02 s at the fast one.
    CHECK(fastest(model, {at("slow", 1e-8, 1000 * mb, 0.01), at("fast", 1e-9, 170 * mb, 0.01)}) == lists{{}, {0, 1}});
    CHECK(fastest(model, {at("slow", 1e-8, 1000 * mb, 0.01), at("fast", 1e-9, 1000 * mb, 0.01)}) == lists{{}, {0, 1, 2, 3}});
    // Two ways a layer, 0.1 s each: more than the 0.18 s that are gained.
    CHECK(fastest(model, {at("slow", 1e-8, 1000 * mb, 0.1), at("fast", 1e-9, 1000 * mb, 0.1)}) == lists{{}, {}});
}

TEST_CASE("the fastest of several machines is filled first, then the next") {
    const auto model = mixture();
    CHECK(fastest(model, {at("slow", 1e-8, 1000 * mb, 0), at("fast", 2e-9, 1000 * mb, 0), at("fastest", 1e-9, 90 * mb, 0)}) ==
          lists{{}, {1, 2, 3}, {0}});
}

TEST_CASE("what a machine has no room for goes elsewhere, even where that is slower, and no more of it") {
    const auto model = mixture();
    // 400 MB into 250: two layers' experts must go.
    CHECK(fastest(model, {at("fast", 1e-9, 250 * mb, 0.01), at("slow", 1e-8, 1000 * mb, 0.01)}) == lists{{}, {0, 1}});
}

TEST_CASE("without a speed, or without experts, nothing is moved") {
    auto unknown = at("fast", 1e-9, 1000 * mb, 0);
    unknown.compute.reset();
    CHECK(fastest(mixture(), {unknown, at("slow", 1e-8, 1000 * mb, 0)}) == lists{{}, {}});
    auto dense = mixture();
    for (auto& layer : dense.layers) layer.expert_bytes = 0;
    CHECK(fastest(dense, {at("slow", 1e-8, 1000 * mb, 0), at("fast", 1e-9, 1000 * mb, 0)}) == lists{{}, {}});
}
