// Links that are cut, frozen, slow or garbled: nothing hangs, and what is answered is the target's.
#include "unit/peer/harness.hpp"

using namespace tw;
using namespace tw::test;

namespace {

// A target that drafts over a relay, while something is done to the relay.
std::uint64_t answers_under(const std::function<void(relay&, int)>& disturb, int turns) {
    machine den(hello_of("den"), 0, 1000ms);
    const auto service = den.serve_drafter();
    relay between(den.port());
    std::uint64_t accepted = 0;
    {
        const auto peer = link_to(between.port());
        std::vector<drafter_offer> offers;
        offers.push_back(over(peer, describe(*toy_model(), "big")));
        scheduler alone(toy_model(), nullptr, {});
        scheduler with(toy_model(R"({"delay_us":2000})"), std::make_unique<speculator>(std::move(offers), streaming()), {});
        for (int turn = 0; turn < turns; ++turn) {
            std::vector<std::shared_ptr<collected>> sinks;
            for (std::uint64_t seed = 0; seed < 6; ++seed) {
                sinks.push_back(std::make_shared<collected>());
                REQUIRE(with.submit(ask(seed, 1, 150), sinks.back()).has_value());
            }
            disturb(between, turn);
            for (std::uint64_t seed = 0; seed < 6; ++seed) {
                const auto got = end_of(*sinks[seed]).outcome;
                CHECK(got.tokens == ::run(alone, ask(seed, 1, 150)).outcome.tokens);
                accepted += got.stats.accepted;
            }
        }
    }
    CHECK(comes_true([&] { return service->guests() == 0 && service->sequences() == 0; }, 40s));
    return accepted;
}

struct endless {
    endless() : target(den.serve_target(R"({"delay_us":500,"context":100000,"eog":-100})")), between(den.port()) {}

    machine den{"den"};
    std::shared_ptr<toy_pipeline> target;
    relay between;
};

} // namespace

TEST_CASE("drafting goes on over a link that is cut again and again") {
    CHECK(answers_under([](relay& between, int turn) {
        if (turn % 2 == 0) between.cut();
    }, 10) > 0);
}

TEST_CASE("drafting over a slow link, and one that stands still for a while") {
    CHECK(answers_under([](relay& between, int turn) {
        if (turn == 0) between.set({.delay = 5ms, .jitter = 3ms});
        if (turn == 1) between.set({.piece = 3});
        if (turn == 2) between.freeze(true);
        if (turn == 3) between.freeze(false);
    }, 5) > 0);
}

TEST_CASE("bytes lost and repeated on the way end the link and nothing else") {
    std::atomic<int> at{0};
    answers_under([&](relay& between, int turn) {
        between.set({.alter = [&at, turn](std::string bytes, bool) {
            if (++at % 40 != 0) return bytes;
            return turn % 2 == 0 ? bytes + bytes : bytes.substr(bytes.size() / 2);
        }});
    }, 6);
}

TEST_CASE("answers of a remote target end at once when the link is cut, and the next ones are served") {
    endless here;
    const auto peer = link_to(here.between.port());
    const auto remote = pipeline_at(peer);
    toy_pipeline local;
    for (int turn = 0; turn < 6; ++turn) {
        const auto sink = begin(*remote, request(1, 90'000));
        sink->began.get();
        here.between.cut();
        const auto got = end_of(*sink).outcome;
        CHECK(got.reason == finish_reason::failed);
        REQUIRE(got.failure);
        CHECK(got.failure->code == code::unavailable);
        CHECK(comes_true([&] { return here.target->active() == 0; }));
        REQUIRE(comes_true([&] { return remote->is_up(); }));
        const auto next = run(*remote, request(2, 30)).outcome;
        CHECK(next.tokens.size() == 30);
    }
    CHECK(remote->running() == 0);
}

TEST_CASE("a link that falls silent is found out within ten seconds, by both") {
    endless here;
    const auto remote = pipeline_at(link_to(here.between.port()));
    const auto sink = begin(*remote, request(1, 90'000));
    sink->began.get();
    here.between.freeze(true);
    const auto since = std::chrono::steady_clock::now();
    CHECK(end_of(*sink).outcome.reason == finish_reason::failed);
    CHECK(std::chrono::steady_clock::now() - since < 10s);
    CHECK(comes_true([&] { return here.target->active() == 0; }));
    here.between.freeze(false);
    CHECK(comes_true([&] { return remote->is_up(); }));
}

TEST_CASE("sequences wait for a link that comes back, and not for ever") {
    machine den(hello_of("den"), 0, 1500ms);
    const auto service = den.serve_drafter();
    relay between(den.port());
    const auto peer = link_to(between.port());
    draft_inbox inbox;
    remote_drafter drafter(peer_link::channels(peer), "small", describe(*toy_model(), "big"), inbox, 0);
    const auto heard = [&](auto wanted) {
        return comes_true([&] {
            bool found = false;
            for (auto& each : inbox.take()) found = found || std::holds_alternative<decltype(wanted)>(each.reply);
            return found;
        });
    };
    const token_ids prompt{0, 2, 3};
    const auto order = [&](std::uint32_t epoch) {
        drafter.send(draft_order{.sequence = 1, .epoch = epoch, .base = 3, .prefix = extend(empty_prefix, prompt), .want = 2});
    };
    REQUIRE(heard(drafter_back{}));
    drafter.send(draft_open{1, {}, prompt});
    order(1);
    CHECK(heard(draft_batch{}));
    between.cut();
    CHECK(heard(drafter_away{}));
    REQUIRE(comes_true([&] { return drafter.longest() > 0; }));
    order(2);
    CHECK(heard(draft_batch{})); // goes on with what it was told
    between.freeze(true); // and the caller cannot come back
    between.cut();
    CHECK(comes_true([&] { return service->sequences() == 0 && service->guests() == 0; }));
    between.freeze(false);
    between.cut();
    REQUIRE(comes_true([&] { return drafter.longest() > 0; }));
    order(3);
    CHECK(heard(draft_lost{}));
}

TEST_CASE("a seat at a relayed drafter that is away may go while it is told so") {
    machine third("third");
    const auto beyond = link_to(third.port());
    relayed_drafter nowhere(peer_link::channels(beyond), "nobody");
    auto seat = nowhere.sit();
    std::atomic<bool> away{false};
    seat->listen({.opened = [](const auto&) {}, .reply = [](auto) {}, .away = [&](const std::string&) { away = true; }});
    REQUIRE(comes_true([&] { return away.load(); }));
    auto* here = seat.get();
    here->listen({.opened = [](const auto&) {}, .reply = [](auto) {}, .away = [&](const std::string&) { seat.reset(); }});
    CHECK(seat == nullptr);
}
