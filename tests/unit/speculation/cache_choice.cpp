// Which cache a prompt takes: its own conversation's, an empty one, the oldest.
#include <numeric>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "speculation/cache_choice.hpp"

using namespace tw;

namespace {

using ids = std::vector<std::int32_t>;

ids run_of(std::size_t length, std::int32_t first = 0) {
    ids out(length);
    std::iota(out.begin(), out.end(), first);
    return out;
}

// A system prompt of 50 tokens, then other ones.
ids chat(std::size_t length, std::int32_t first) {
    auto out = run_of(50);
    const auto rest = run_of(length - 50, first);
    out.insert(out.end(), rest.begin(), rest.end());
    return out;
}

} // namespace

TEST_CASE("a chat goes on in its own cache, another one with its system prompt takes an empty one") {
    const auto held = chat(2000, 1000), next = chat(2040, 1000), other = chat(120, 9000);
    const cache_choice own(held, 1500, 5, next), empty_for_own({}, 0, 9, next);
    CHECK(own.better(empty_for_own));
    CHECK(own.shared() == 2000);
    const cache_choice foreign(held, 1500, 5, other), empty({}, 0, 9, other);
    CHECK(empty.better(foreign));
    CHECK(foreign.shared() == 50);
}

TEST_CASE("what was asked before is asked again in the same cache, however long the answer was") {
    const auto held = chat(900, 1000), again = chat(100, 1000);
    CHECK(cache_choice(held, 100, 1, again).better(cache_choice({}, 0, 0, again)));
    CHECK(cache_choice(held, 100, 1, again).shared() == 99);
}

TEST_CASE("without an empty cache the oldest goes, and what it shares is used") {
    const auto held = chat(2000, 1000), prompt = chat(120, 9000);
    const cache_choice older(held, 1500, 3, prompt), newer(held, 1500, 4, prompt);
    CHECK(older.better(newer));
    CHECK_FALSE(newer.better(older));
    CHECK(older.shared() == 50);
}

TEST_CASE("a few equal tokens at the beginning are nothing to go on from") {
    const auto held = run_of(500), prompt = ids{0, 1, 2, 90, 91, 92};
    CHECK(cache_choice(held, 400, 1, prompt).shared() == 0);
    CHECK(cache_choice(held, 400, 1, {}).shared() == 0); // a stranger may open a sequence without a prompt
    CHECK(cache_choice({}, 0, 0, prompt).better(cache_choice(held, 400, 1, prompt)));
}
