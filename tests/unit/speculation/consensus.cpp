// When drafters that agree are believed, and what of their drafts then stands.
#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "speculation/consensus.hpp"
#include "speculation/draft_path.hpp"

using namespace tw;

namespace {

using ids = std::vector<std::int32_t>;
using rule = consensus::rule;

draft_batch batch(const ids& prefix, const ids& tokens, grade sure = 4) {
    draft_batch out{.sequence = 1, .epoch = 1, .base = static_cast<std::uint32_t>(prefix.size()),
                    .prefix = extend(empty_prefix, prefix), .tokens = {}};
    for (const auto token : tokens) out.tokens.push_back({token, sure});
    return out;
}

} // namespace

TEST_CASE("a quorum is counted of the drafters that were configured") {
    const consensus strict{rule::strict, 3}, undisputed{rule::any_disagree, 3}, majority{rule::majority, 3};
    CHECK(strict.met(3, 0));
    CHECK_FALSE(strict.met(2, 0)); // one is away
    CHECK(undisputed.met(2, 0));
    CHECK_FALSE(undisputed.met(2, 1)); // it disagrees
    CHECK(majority.met(2, 1));
    CHECK_FALSE(majority.met(1, 0));
    CHECK_FALSE(consensus{}.met(3, 0));
    for (const auto each : {rule::strict, rule::any_disagree, rule::majority})
        for (std::size_t configured = 0; configured < 6; ++configured) {
            INFO(name(each) << " of " << configured);
            CHECK_FALSE(consensus{each, configured}.met(1, 0)); // who survives alone agrees with nobody
            CHECK(consensus{each, configured}.met(std::max<std::size_t>(2, configured), 0));
        }
    CHECK_FALSE(consensus{rule::majority, 4}.met(2, 2)); // a half is no majority
}

TEST_CASE("what enough drafters say goes before what the surest says") {
    draft_path path(ids{1}, {}, 3, {rule::majority, 3});
    path.post(0, batch({1}, {10, 11, 12}, 1));
    path.post(1, batch({1}, {10, 11, 13}, 1));
    path.post(2, batch({1}, {30, 31}, 7));
    const auto best = path.best(8, draft_path::fresh(3, 400));
    REQUIRE(best.size() == 3);
    CHECK((best[0].token == 10 && best[0].agreed && best[0].chance == 1));
    CHECK((best[1].token == 11 && best[1].agreed));
    CHECK_FALSE(best[2].agreed);
}

TEST_CASE("without a consensus nothing is agreed on") {
    draft_path path(ids{1}, {}, 2);
    path.post(0, batch({1}, {10, 11}));
    path.post(1, batch({1}, {10, 11}));
    for (const auto& each : path.best(8, draft_path::fresh(2, 400))) CHECK_FALSE(each.agreed);
}

TEST_CASE("what was said before has no voice among the drafters") {
    draft_path path(ids{5, 6, 7, 5, 6}, {}, 2, {rule::majority, 2});
    path.post(0, batch({5, 6, 7, 5, 6}, {7}));
    const auto best = path.best(1, draft_path::fresh(2, 400));
    REQUIRE(best.size() == 1);
    CHECK(best[0].token == 7);
    CHECK_FALSE(best[0].agreed);
}
