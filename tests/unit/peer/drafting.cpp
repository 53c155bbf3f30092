// Drafting over the network: the bytes are the target's, and drafts help.
#include "unit/peer/harness.hpp"

using namespace tw;
using namespace tw::test;

namespace {

// So slow that drafting pays.
std::unique_ptr<scheduler> target_with(drafter_offer offer) {
    std::vector<drafter_offer> offers;
    offers.push_back(std::move(offer));
    return std::make_unique<scheduler>(toy_model(R"({"delay_us":3000})"),
                                       std::make_unique<speculator>(std::move(offers), streaming()), scheduler_options{});
}

wire::served_engine toy_target() { return describe(*toy_model(), "big"); }

} // namespace

TEST_CASE("drafts from another machine are accepted, and the answer is the target's own") {
    machine den("den");
    const auto service = den.serve_drafter();
    const auto peer = link_to(den.port());
    scheduler alone(toy_model(), nullptr, {});
    std::uint64_t accepted = 0, seed = 0;
    {
        const auto with = target_with(over(peer, toy_target()));
        REQUIRE(comes_true([&] { return service->guests() == 1; }));
        // On a busy machine after some silence, as the policy may.
        CHECK(comes_true([&] {
            for (const auto end = seed + 5; seed < end; ++seed) {
                const auto got = ::run(*with, ask(seed, 1, 100)).outcome;
                const auto own = ::run(alone, ask(seed, 1, 100)).outcome;
                CHECK(got.tokens == own.tokens);
                CHECK(got.logits_digests == own.logits_digests);
                accepted += got.stats.accepted;
            }
            return accepted > 50;
        }, 40s));
    }
    CHECK(comes_true([&] { return service->guests() == 0 && service->sequences() == 0; }));
}

TEST_CASE("one drafter serves many verifiers at once") {
    machine den("den");
    const auto service = den.serve_drafter(R"({"disturb":0.1,"slots":3})");
    scheduler alone(toy_model(), nullptr, {});
    std::atomic<int> wrong{0};
    std::atomic<std::uint64_t> accepted{0};
    std::vector<token_ids> expected;
    for (std::uint64_t seed = 0; seed < 24; ++seed) expected.push_back(::run(alone, ask(seed, 1, 80)).outcome.tokens);
    std::vector<std::thread> threads;
    const auto until = std::chrono::steady_clock::now() + 40s;
    for (std::uint64_t v = 0; v < 4; ++v)
        threads.emplace_back([&, v, peer = v < 2 ? link_to(den.port()) : link_to(den.port(), hello_of("other"))] {
            const auto with = target_with(over(peer, toy_target()));
            do
                for (auto seed = v * 6; seed < v * 6 + 6; ++seed) {
                    auto sink = std::make_shared<collected>();
                    if (!with->submit(ask(seed, 1, 80), sink)) ++wrong;
                    else {
                        const auto got = sink->result.get();
                        if (got.tokens != expected[seed]) ++wrong;
                        accepted += got.stats.accepted;
                    }
                }
            while (accepted <= 50 && std::chrono::steady_clock::now() < until);
        });
    for (auto& each : threads) each.join();
    CHECK(wrong == 0);
    CHECK(accepted > 50);
    CHECK(comes_true([&] { return service->guests() == 0 && service->sequences() == 0; }));
}

TEST_CASE("a thousand sequences opened and abandoned leave nothing behind") {
    machine den("den");
    const auto service = den.serve_drafter();
    const auto peer = link_to(den.port());
    draft_inbox inbox;
    {
        remote_drafter drafter(peer_link::channels(peer), "small", toy_target(), inbox, 0);
        REQUIRE(comes_true([&] { return drafter.longest() > 0; }));
        for (sequence_id each = 1; each <= 1000; ++each) {
            drafter.send(draft_open{each, {}, {0, 2, 3}});
            drafter.send(draft_order{.sequence = each, .epoch = 1, .base = 3,
                                     .prefix = extend(empty_prefix, token_ids{0, 2, 3}), .want = 2});
        }
        std::size_t heard = 0, lost = 0;
        CHECK(comes_true([&] {
            for (auto& each : inbox.take()) {
                heard += std::holds_alternative<draft_batch>(each.reply) ? 1U : 0U;
                lost += std::holds_alternative<draft_lost>(each.reply) ? 1U : 0U;
            }
            return heard + lost >= 4 + 996; // the order of what found no room is lost
        }));
        CHECK(lost == 996);
        CHECK(heard == static_cast<std::size_t>(service->model().info().n_seq));
        CHECK(service->sequences() <= static_cast<std::size_t>(service->model().info().n_seq));
    }
    CHECK(comes_true([&] { return service->guests() == 0 && service->sequences() == 0; }));
    remote_drafter again(peer_link::channels(peer), "small", toy_target(), inbox, 0);
    REQUIRE(comes_true([&] { return again.longest() > 0; }));
    again.send(draft_open{1, {}, {0, 2, 3}});
    again.send(draft_order{.sequence = 1, .epoch = 1, .base = 3, .prefix = extend(empty_prefix, token_ids{0, 2, 3}), .want = 2});
    CHECK(comes_true([&] {
        for (auto& each : inbox.take())
            if (std::holds_alternative<draft_batch>(each.reply)) return true;
        return false;
    }));
}

TEST_CASE("a drafter that fails says so, once and for good") {
    machine den("den");
    den.serve_drafter(R"({"fail_at":3})");
    const auto peer = link_to(den.port());
    draft_inbox inbox;
    remote_drafter drafter(peer_link::channels(peer), "small", toy_target(), inbox, 0);
    REQUIRE(comes_true([&] { return drafter.longest() > 0; }));
    drafter.send(draft_open{1, {}, {0, 2, 3}});
    drafter.send(draft_order{.sequence = 1, .epoch = 1, .base = 3, .prefix = extend(empty_prefix, token_ids{0, 2, 3}), .want = 20});
    std::string why;
    CHECK(comes_true([&] {
        for (auto& each : inbox.take())
            if (const auto* failed = std::get_if<drafter_failed>(&each.reply)) why = failed->why;
        return !why.empty();
    }));
    CHECK(why.find("told to fail here") != std::string::npos);
    CHECK(drafter.longest() == 0);
}
