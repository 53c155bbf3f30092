// The unruly plugin does what its options say, and beneath it the llamacpp engine holds what it promises.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "bridge/engine.hpp"
#include "plugin/load.hpp"

namespace {

using made_engine = tw::result<std::unique_ptr<tw::engine>>;
using row = std::vector<float>;

std::string model(const std::string& name) {
    const auto of = [](const char* variable) {
        const auto* value = std::getenv(variable);
        return std::filesystem::path(value == nullptr ? "" : value);
    };
    auto cache = of("TIGHTWAD_CACHE");
    if (cache.empty()) cache = (of("XDG_CACHE_HOME").empty() ? of("HOME") / ".cache" : of("XDG_CACHE_HOME")) / "tightwad";
    return (cache / "models" / (name + ".gguf")).string();
}

made_engine make(const std::string& options = "", const std::string& name = "stories15m-q4_0") {
    static const auto& api = [&]() -> const tw_engine_v1& {
        const auto entry = tw::load(std::filesystem::path(TW_UNRULY_DIR) / "unruly.so");
        REQUIRE(entry.has_value());
        return *static_cast<const tw_engine_v1*>((*entry)->query(TW_ENGINE_V1));
    }();
    return tw::engine::create(api, "unruly", std::make_unique<tw::plugin_host>("unruly"),
                              R"({"slots":2,"threads":2,"model_path":")" + model(name) + "\"" + options + "}", {});
}

// The logits of `steps` single rows, sequence 0 begun anew.
std::vector<row> walk(tw::engine& engine, std::int32_t steps) {
    std::vector<row> all;
    if (!engine.truncate(0, 0)) return all;
    for (std::int32_t i = 0; i < steps; ++i) {
        const tw_row next{.seq = 0, .pos = i, .token = i == 0 ? 1 : 300 + i, .want_logits = 1};
        const auto logits = engine.decode({&next, 1});
        if (!logits) return all;
        const auto values = logits->row(0);
        all.emplace_back(values.begin(), values.end());
    }
    return all;
}

} // namespace

TEST_CASE("without a fault it is the llamacpp engine; noise has the model's vocabulary and repeats") {
    const auto calm = make(), noisy = make(R"(,"random":true)"), again = make(R"(,"random":true)");
    REQUIRE(calm.has_value());
    REQUIRE(noisy.has_value());
    REQUIRE(again.has_value());
    CHECK((*noisy)->vocabulary_digest() == (*calm)->vocabulary_digest());
    const auto sense = walk(**calm, 8), nonsense = walk(**noisy, 8);
    REQUIRE(sense.size() == 8);
    REQUIRE(nonsense.size() == 8);
    CHECK(walk(**again, 8) == nonsense);
    for (std::size_t i = 0; i < 8; ++i) {
        const auto best = [](const row& of) { return std::max_element(of.begin(), of.end()) - of.begin(); };
        CHECK(nonsense[i].size() == 32000);
        CHECK(best(nonsense[i]) != best(sense[i]));
        if (i > 0) CHECK(nonsense[i] != nonsense[i - 1]);
    }
}

TEST_CASE("every third decode stalls, and no other") {
    const auto took = [](const char* options, std::int32_t steps) {
        const auto made = make(options);
        REQUIRE(made.has_value());
        const auto began = std::chrono::steady_clock::now();
        CHECK(walk(**made, steps).size() == static_cast<std::size_t>(steps));
        return std::chrono::steady_clock::now() - began;
    };
    CHECK(took(R"(,"stall_ms":300,"stall_every":3)", 6) >= std::chrono::milliseconds(600));
    CHECK(took(R"(,"stall_ms":60000,"stall_every":3)", 2) < std::chrono::milliseconds(60000));
}

TEST_CASE("from its last hour on every decode fails with a sentence") {
    const auto made = make(R"(,"die_after":4)");
    REQUIRE(made.has_value());
    CHECK(walk(**made, 6).size() == 3);
    const tw_row next{.seq = 1, .pos = 0, .token = 1, .want_logits = 1};
    const auto dead = (*made)->decode({&next, 1});
    REQUIRE_FALSE(dead.has_value());
    CHECK(dead.error().code == tw::code::internal);
    CHECK(dead.error().message == "The engine fails from decode 4 on, as die_after asks.");
}

TEST_CASE("engines that share threads compute the same at the same time as alone, whoever ends first") {
    auto one = make(), two = make("", "stories15m-q8_0");
    REQUIRE(one.has_value());
    REQUIRE(two.has_value());
    const auto alone_one = walk(**one, 40), alone_two = walk(**two, 40);
    REQUIRE(alone_one.size() == 40);
    REQUIRE(alone_two.size() == 40);
    for (int round = 0; round < 3; ++round) {
        std::vector<row> beside;
        std::thread other([&] { beside = walk(**two, 40); });
        CHECK(walk(**one, 40) == alone_one);
        other.join();
        CHECK(beside == alone_two);
    }
    std::vector<row> beside;
    std::thread other([&] { beside = walk(**two, 40); });
    CHECK(walk(**one, 4).size() == 4);
    one->reset();
    other.join();
    CHECK(beside == alone_two);
}

TEST_CASE("an identity is the weights' own, and the build names llama.cpp's version") {
    const auto one = make(), again = make(R"(,"cache":"fast")"), other = make("", "stories15m-q8_0");
    REQUIRE(one.has_value());
    REQUIRE(again.has_value());
    REQUIRE(other.has_value());
    const auto& identity = (*one)->info().identity;
    CHECK(identity.size() > 17);
    CHECK(identity.find_first_not_of("0123456789abcdef-") == std::string::npos);
    CHECK((*again)->info().identity == identity);
    CHECK((*other)->info().identity != identity);
    CHECK((*one)->info().build.find("0.5.0") != std::string::npos);
}

TEST_CASE("the fast cache decodes too, and an unknown one is refused with a sentence") {
    const auto exact = make(), fast = make(R"(,"cache":"fast")"), unknown = make(R"(,"cache":"brisk")");
    REQUIRE(exact.has_value());
    REQUIRE(fast.has_value());
    const auto one = walk(**exact, 8), other = walk(**fast, 8);
    REQUIRE(one.size() == 8);
    REQUIRE(other.size() == 8);
    CHECK(one[7] != other[7]); // V is rounded to F16 instead of BF16
    REQUIRE_FALSE(unknown.has_value());
    CHECK(unknown.error().message == R"(cache is "brisk"; it must be "exact" or "fast".)");
}
