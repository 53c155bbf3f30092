// Drafts are found where they fit: late, repeated and foreign messages are harmless.
#include <catch2/catch_test_macros.hpp>

#include "speculation/draft_path.hpp"

using namespace tw;

namespace {

using ids = std::vector<std::int32_t>;

draft_batch batch(const ids& prefix, const ids& tokens, grade sure = 7) {
    draft_batch out{.sequence = 1, .epoch = 1, .base = static_cast<std::uint32_t>(prefix.size()),
                    .prefix = extend(empty_prefix, prefix), .tokens = {}};
    for (const auto token : tokens) out.tokens.push_back({token, sure});
    return out;
}

ids best(const draft_path& path, std::size_t most = 8, std::size_t drafters = 1) {
    ids out;
    for (const auto& each : path.best(most, draft_path::fresh(drafters, 400))) out.push_back(each.token);
    return out;
}

} // namespace

TEST_CASE("a batch is used where its prefix is the answer's, whenever it came") {
    draft_path path(ids{1, 2, 3}, {}, 1);
    path.post(0, batch({1, 2, 3}, {10, 11, 12}));
    path.post(0, batch({1, 2, 3}, {10, 11, 12})); // repeated
    path.post(0, batch({9, 9, 9}, {50}));         // of another text
    CHECK(best(path) == ids{10, 11, 12});
    CHECK(best(path, 2) == ids{10, 11});
    path.commit(ids{10});
    CHECK(best(path) == ids{11, 12});
    path.commit(ids{99}); // corrected: what was drafted after 11 is void
    CHECK(best(path).empty());
    path.post(0, batch({1, 2, 3}, {10, 11, 12})); // late
    CHECK(best(path).empty());
}

TEST_CASE("a branch waits for its correction") {
    draft_path path(ids{1, 2, 3}, {}, 1);
    path.post(0, batch({1, 2, 3}, {10, 11}));
    path.post(0, batch({1, 2, 3, 10, 77}, {5, 6}));
    CHECK(best(path) == ids{10, 11});
    path.commit(ids{10, 77});
    CHECK(best(path) == ids{5, 6});
    using ending = draft_path::ending;
    CHECK(path.ended(0) == ending::cached);
    path.commit(ids{5});
    CHECK(path.ended(0) == ending::as_drafted);
    path.commit(ids{7});
    CHECK(path.ended(0) == ending::corrected);
    path.commit(ids{8}); // for which nothing was proposed
    CHECK(path.ended(0) == ending::as_drafted);
}

TEST_CASE("a stream and its continuation join") {
    draft_path path(ids{4}, {}, 1);
    for (std::int32_t i = 0; i < 5; ++i) {
        ids prefix{4};
        for (std::int32_t j = 0; j < i; ++j) prefix.push_back(100 + j);
        path.post(0, batch(prefix, {100 + i}));
    }
    CHECK(best(path) == ids{100, 101, 102, 103, 104});
}

TEST_CASE("what was said before is proposed again, also while it repeats itself") {
    draft_path path(ids{1, 2, 3, 4, 5, 6, 7, 1, 2, 3}, {}, 0);
    CHECK(best(path, 4, 0) == ids{4, 5, 6, 7});
    draft_path loop(ids{8, 9, 8, 9}, {}, 0);
    CHECK(best(loop, 6, 0) == ids{8, 9, 8, 9, 8, 9});
}

TEST_CASE("a prediction is followed, left where it is wrong, and found again") {
    const ids expected{20, 21, 22, 23, 24, 25, 26, 27, 28, 29};
    draft_path path(ids{1, 2}, expected, 0);
    CHECK(best(path, 3, 0) == ids{20, 21, 22});
    path.commit(ids{20, 21});
    CHECK(best(path, 3, 0) == ids{22, 23, 24});
    path.commit(ids{99});
    CHECK(best(path, 3, 0).empty());
    path.commit(ids{25, 26}); // two tokens of it again
    CHECK(best(path, 5, 0) == ids{27, 28, 29});
    path.commit(ids{27, 28, 29});
    CHECK(best(path, 5, 0).empty());
}

TEST_CASE("of several drafters the surer one leads, token by token") {
    draft_path path(ids{1}, {}, 2);
    path.post(0, batch({1}, {10, 11}, 1));
    path.post(1, batch({1}, {30, 31}, 6));
    path.post(0, batch({1, 30}, {40}, 7));
    CHECK(best(path, 8, 2) == ids{30, 40});
}

TEST_CASE("a long repetition is surer than a short one, and experience changes both") {
    auto all = draft_path::fresh(0, 400);
    CHECK(all[0].chance(grade_of_match(2)) < all[0].chance(grade_of_match(12)));
    for (int i = 0; i < 100; ++i) all[0].record(grade_of_match(12), false);
    CHECK(all[0].chance(grade_of_match(12)) < 0.1);
    auto own = draft_path::fresh(0, 64);
    for (int i = 0; i < 20; ++i) own[0].record(grade_of_match(12), true);
    CHECK(own[0].chance(grade_of_match(12), all[0]) > 0.7); // this answer repeats itself all the same
}

TEST_CASE("the longest agreement wins, the most recent among equals") {
    suffix_index text;
    text.append(ids{1, 2, 3, 50, 9, 2, 3, 60, 1, 2, 3});
    const auto match = text.find(ids{1, 2, 3});
    CHECK(match.length == 3);
    CHECK(text[match.next] == 50);
    const auto recent = text.find(ids{7, 2, 3});
    CHECK(recent.length == 2);
    CHECK(text[recent.next] == 60); // the end of the text itself does not count
    CHECK(text.find(ids{3}).length == 0);
    CHECK(text.find(ids{50, 50}).length == 0);
}
