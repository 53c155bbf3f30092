// A decode allocates nothing, neither in the bridge nor in the SDK.
#include <atomic>
#include <cstdlib>
#include <new>

#include <catch2/catch_test_macros.hpp>

#include "bridge/engine.hpp"
#include "unit/bridge/load.hpp"

namespace {
std::atomic<long> allocations{0};
}

// The program's own operators, which a plugin's libstdc++ finds first.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations;
    if (void* at = std::malloc(size == 0 ? 1 : size)) return at;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* at) noexcept {
    std::free(at);
}
[[gnu::noinline]] void operator delete(void* at, std::size_t) noexcept {
    std::free(at);
}

TEST_CASE("a decode allocates nothing") {
    const auto& api = load_table<tw_engine_v1>("toy_engine", TW_ENGINE_V1);
    const auto made =
        tw::engine::create(api, "toy_engine", std::make_unique<tw::plugin_host>("toy_engine"),
                           R"({"name":"toy"})", {});
    REQUIRE(made.has_value());
    const std::vector<tw_row> rows{{0, 0, 1, 0}, {0, 1, 3, 1}};
    long during = -1;
    bool right = true;
    for (int round = 0; round < 8; ++round) {
        const auto before = allocations.load();
        right = right && (*made)->decode(rows).has_value() && (*made)->truncate(0, 0).has_value();
        during = allocations.load() - before;
    }
    CHECK(right);
    CHECK(during == 0);
    const auto before = allocations.load();
    CHECK((*made)->tokenize("some text", false, true).has_value());
    CHECK(allocations.load() > before); // the counter counts
}
