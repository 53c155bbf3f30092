// What a server is asked for one answer, and what the verifier hears: orders, corrections, audits, floors.
#include <catch2/catch_test_macros.hpp>

#include "speculation/server_answer.hpp"

using namespace tw;

namespace {

using ids = std::vector<std::int32_t>;
constexpr grade sure = 7, unsure = 0;

draft_order order(std::uint32_t epoch, const ids& committed, std::size_t told, std::uint16_t want) {
    draft_order out{.sequence = 1, .epoch = epoch, .base = static_cast<std::uint32_t>(committed.size()),
                    .prefix = extend(empty_prefix, committed), .want = want};
    out.tail.assign(committed.begin() + static_cast<std::ptrdiff_t>(told), committed.end());
    return out;
}

struct exchange { // one answer and everything it says
    explicit exchange(ids prompt) : answer(std::move(prompt)) {}
    bool follow(draft_order what) { return answer.follow(std::move(what), heard); }
    void give(const ids& tokens, grade how = sure) {
        for (const auto token : tokens) answer.take({token, how}, at += std::chrono::milliseconds{10}, heard);
    }
    std::vector<draft_batch> batches() {
        std::vector<draft_batch> out;
        for (auto& each : heard)
            if (auto* batch = std::get_if<draft_batch>(&each)) out.push_back(*batch);
        heard.clear();
        return out;
    }

    server_answer answer;
    server_answer::replies heard;
    server_answer::clock::time_point at{};
};

ids tokens(const draft_batch& batch) {
    ids out;
    for (const auto& each : batch.tokens) out.push_back(each.token);
    return out;
}

} // namespace

TEST_CASE("a server is asked for as many tokens as the order wants, and they come as one batch with their time") {
    exchange with({1, 2, 3});
    CHECK_FALSE(with.answer.ask(0)); // nothing is ordered
    REQUIRE(with.follow(order(1, {1, 2, 3, 4}, 3, 4)));
    const auto asked = with.answer.ask(0);
    REQUIRE(asked);
    CHECK(asked->prompt == ids{1, 2, 3, 4});
    CHECK(asked->most == 4);
    with.give({5, 6, 7});
    CHECK(with.batches().empty());
    with.give({8});
    const auto told = with.batches();
    REQUIRE(told.size() == 1);
    CHECK(tokens(told[0]) == ids{5, 6, 7, 8});
    CHECK(told[0].base == 4);
    CHECK(told[0].prefix == extend(empty_prefix, ids{1, 2, 3, 4}));
    CHECK(told[0].complete);
    CHECK(told[0].seconds > 0.039F);
    CHECK(told[0].seconds < 0.041F);
    with.answer.ended(with.heard);
    CHECK_FALSE(with.answer.ask(0));
}

TEST_CASE("a draft ends where its tokens are too unsure for the order's floor") {
    exchange with({1});
    auto wanted = order(1, {1}, 1, 8);
    wanted.floor = 0.5F;
    wanted.chance = std::array<float, grades>{0.3F, 0.4F, 0.5F, 0.6F, 0.7F, 0.8F, 0.9F, 1.0F};
    REQUIRE(with.follow(std::move(wanted)));
    REQUIRE(with.answer.ask(0));
    with.give({5, 6});
    CHECK(with.batches().empty());
    with.give({7}, unsure);
    const auto told = with.batches();
    REQUIRE(told.size() == 1);
    CHECK(tokens(told[0]) == ids{5, 6, 7});
    CHECK(told[0].complete);
}

TEST_CASE("a stream runs ahead, and what it has said already answers the next order") {
    exchange with({1});
    auto first = order(1, {1}, 1, 3);
    first.stream = true;
    REQUIRE(with.follow(std::move(first)));
    const auto asked = with.answer.ask(0);
    REQUIRE(asked);
    CHECK(asked->most == 6); // as much again, so that it need not stop
    with.give({5});
    CHECK(tokens(with.batches().at(0)) == ids{5});
    with.give({6, 7, 8});
    auto told = with.batches();
    REQUIRE(told.size() == 2);
    CHECK(told[1].complete);
    auto next = order(2, {1, 5, 6}, 1, 3);
    next.stream = true;
    REQUIRE(with.follow(std::move(next)));
    CHECK_FALSE(with.answer.is_stale());
    told = with.batches();
    REQUIRE(told.size() == 1);
    CHECK(tokens(told[0]) == ids{8}); // 7 was sent before
    CHECK(told[0].base == 4);
    CHECK_FALSE(told[0].complete);
}

TEST_CASE("a correction makes the request stale, and the next one follows it; one that is late changes nothing") {
    exchange with({1});
    REQUIRE(with.follow(order(1, {1}, 1, 4)));
    REQUIRE(with.answer.ask(0));
    with.give({5, 6});
    REQUIRE(with.follow(order(2, {1, 5, 9}, 1, 4)));
    CHECK(with.answer.is_stale());
    const auto asked = with.answer.ask(0);
    REQUIRE(asked);
    CHECK(asked->prompt == ids{1, 5, 9});
    CHECK_FALSE(with.answer.is_stale());
    REQUIRE(with.follow(order(1, {1}, 1, 4)));
    CHECK_FALSE(with.answer.is_stale());
    CHECK_FALSE(with.follow(order(3, {1, 7}, 1, 4)));  // committed before was 5
    exchange other({1});
    CHECK_FALSE(other.follow(order(1, {1, 2, 3}, 3, 4))); // it was not told of 2 and 3
}

TEST_CASE("a stream that the answer has overtaken runs on while it says the same, and drafts when it is in front again") {
    exchange with({1});
    const auto next = [&](std::uint32_t epoch, const ids& committed, std::size_t told) {
        auto out = order(epoch, committed, told, 3);
        out.stream = true;
        return with.follow(std::move(out));
    };
    REQUIRE(next(1, {1}, 1));
    REQUIRE(with.answer.ask(0));
    REQUIRE(next(2, {1, 5, 6}, 1));
    CHECK_FALSE(with.answer.is_stale());
    with.give({5});
    REQUIRE(next(3, {1, 5, 6, 7}, 3));
    with.give({6, 7});
    CHECK_FALSE(with.answer.is_stale());
    CHECK(with.batches().empty());
    with.give({8});
    const auto told = with.batches();
    REQUIRE(told.size() == 1);
    CHECK(told[0].base == 4);
    CHECK(tokens(told[0]) == ids{8});
    REQUIRE(next(4, {1, 5, 6, 7, 8, 9}, 4));
    with.give({3});
    CHECK(with.answer.is_stale());
    CHECK(with.answer.ask(0)->prompt == ids{1, 5, 6, 7, 8, 9});
    // Who waits is served sooner behind what is known.
    REQUIRE(with.follow(order(5, {1, 5, 6, 7, 8, 9, 4}, 6, 3)));
    CHECK(with.answer.is_stale());
}

TEST_CASE("a server that ends early is asked again, and one that says nothing is not waited for") {
    exchange with({1});
    REQUIRE(with.follow(order(1, {1}, 1, 4)));
    REQUIRE(with.answer.ask(0));
    with.give({5, 2});
    with.answer.ended(with.heard);
    CHECK(with.batches().empty());
    const auto again = with.answer.ask(0);
    REQUIRE(again);
    CHECK(again->prompt == ids{1, 5, 2});
    CHECK(again->most == 2);
    with.answer.ended(with.heard);
    const auto told = with.batches();
    REQUIRE(told.size() == 1);
    CHECK(tokens(told[0]) == ids{5, 2});
    CHECK(told[0].complete);
}

TEST_CASE("an audit asks the server for what was said, and goes on behind each difference") {
    exchange with({1});
    auto wanted = order(1, {1, 5, 6, 7, 8}, 1, 0);
    wanted.audit = true;
    REQUIRE(with.follow(std::move(wanted)));
    auto asked = with.answer.ask(0);
    REQUIRE(asked);
    CHECK(asked->prompt == ids{1});
    CHECK(asked->most == 4);
    with.give({5, 9});
    CHECK(with.answer.is_stale());
    asked = with.answer.ask(0);
    REQUIRE(asked);
    CHECK(asked->prompt == ids{1, 5, 6});
    CHECK(with.heard.empty());
    with.give({7, 8});
    REQUIRE(with.heard.size() == 1);
    const auto& report = std::get<draft_audit>(with.heard[0]);
    REQUIRE(report.complete);
    REQUIRE(report.entries.size() == 4);
    CHECK((report.entries[0].agreed && !report.entries[1].agreed && report.entries[2].agreed && report.entries[3].agreed));
    CHECK_FALSE(with.answer.ask(0));
}

TEST_CASE("an audit of a server that never agrees, or says nothing, ends") {
    exchange with({1});
    auto wanted = order(1, {1, 5, 6, 7, 8, 9, 10}, 1, 0);
    wanted.audit = true;
    REQUIRE(with.follow(std::move(wanted)));
    int requests = 0;
    for (; requests < 20 && with.answer.ask(0); ++requests) with.give({99});
    CHECK(requests == 4);
    CHECK(std::get<draft_audit>(with.heard.at(0)).entries.size() == 4);
    exchange silent({1});
    wanted = order(1, {1, 5}, 1, 0);
    wanted.audit = true;
    REQUIRE(silent.follow(std::move(wanted)));
    REQUIRE(silent.answer.ask(0));
    silent.answer.ended(silent.heard);
    CHECK(std::get<draft_audit>(silent.heard.at(0)).complete);
}

TEST_CASE("a text longer than the server's context is sent from its last half on") {
    ids text(20);
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<std::int32_t>(i);
    exchange with(text);
    REQUIRE(with.follow(order(1, text, 20, 4)));
    const auto asked = with.answer.ask(16);
    REQUIRE(asked);
    CHECK(asked->prompt == ids(text.end() - 8, text.end()));
}
