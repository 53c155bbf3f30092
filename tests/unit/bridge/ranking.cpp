// What a plugin says of how documents fit is checked like everything else.
#include <limits>

#include <catch2/catch_test_macros.hpp>

#include "bridge/engine.hpp"
#include "unit/bridge/load.hpp"

using namespace tw;

namespace {

tw_ranking_info sizes{sizeof(tw_ranking_info), 8, 4}; // what the plugin below states
std::int32_t token = 3;                               // what its pairs are made of,
std::size_t size = 5;                                 // how many of it,
std::size_t more = 0;                                 // and how many more at every further call
float number = 0.5F;                                  // and how it scores one

constexpr tw_ranking_v1 scripted{
    .size = sizeof(tw_ranking_v1),
    .info = [](tw_engine*, tw_ranking_info* out, tw_error*) -> tw_code { return *out = sizes, TW_OK; },
    .pair = [](tw_engine*, tw_str, tw_str, std::int32_t* out, std::size_t capacity, std::size_t* n, tw_error*) -> tw_code {
        *n = size;
        size += more;
        for (std::size_t i = 0; i < *n && *n <= capacity; ++i) out[i] = token;
        return TW_OK;
    },
    .score = [](tw_engine*, const tw_embedding_text* pairs, std::size_t n, float* out, tw_error*) -> tw_code {
        for (std::size_t i = 0; i < n; ++i) out[i] = number * static_cast<float>(pairs[i].tokens[0]);
        return TW_OK;
    },
};

std::unique_ptr<engine> toy() {
    auto made = engine::create(load_table<tw_engine_v1>("toy_engine", TW_ENGINE_V1), "toy_engine",
                               std::make_unique<plugin_host>("toy_engine"), R"({"name":"toy"})", {});
    REQUIRE(made.has_value());
    return std::move(*made);
}

} // namespace

TEST_CASE("an engine without rankings says so, and one with them states soundly what it takes") {
    const auto engine = toy();
    REQUIRE(engine->ranking().has_error());
    CHECK(engine->ranking().error().code == code::unsupported);
    engine->with_rankings(scripted);
    CHECK(engine->ranking()->n_tokens == 8);
    CHECK(engine->ranking()->n_pairs == 4);
    for (const auto bad : {0, -1, std::numeric_limits<std::int32_t>::max()}) {
        sizes.n_pairs = bad;
        CHECK(engine->ranking().error().message ==
              "The plugin toy_engine broke the contract: its rankings' n_pairs is " + std::to_string(bad) + ".");
    }
    sizes.n_pairs = 4;
}

TEST_CASE("a pair is as long as the model's prompt makes it, of tokens that there are") {
    const auto engine = toy();
    engine->with_rankings(scripted);
    for (const std::size_t n : {std::size_t{0}, std::size_t{5}, std::size_t{9000}}) {
        size = n;
        const auto pair = engine->pair("query", "document");
        REQUIRE(pair.has_value());
        CHECK(*pair == std::vector<std::int32_t>(n, 3));
    }
    const auto fault = [&] { return engine->pair("query", "document").error().message; };
    const std::string broke = "The plugin toy_engine broke the contract: ";
    size = 1U << 20U;
    CHECK(fault() == broke + "pair wants room for 1048576 tokens of 13 bytes.");
    size = 9000, more = 1;
    CHECK(fault() == broke + "pair wants room for 9001 tokens of 13 bytes.");
    size = 5, more = 0;
    token = engine->info().n_vocab;
    CHECK(fault().starts_with(broke + "pair answered token " + std::to_string(token)));
    token = 3;
}

TEST_CASE("a score that is no number is the plugin's fault") {
    const auto engine = toy();
    engine->with_rankings(scripted);
    const std::vector<std::vector<std::int32_t>> pairs{{3, 4}, {5}};
    std::vector<float> out(2);
    REQUIRE(engine->score(pairs, out).has_value());
    CHECK(out == std::vector<float>{1.5F, 2.5F});
    number = std::numeric_limits<float>::infinity();
    CHECK(engine->score(pairs, out).error().code == code::internal);
    number = 0.5F;
}
