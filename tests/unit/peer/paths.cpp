// A remote target with a drafter of the asking side: over its link, or straight away.
#include <catch2/generators/catch_generators.hpp>

#include "unit/peer/harness.hpp"

using namespace tw;
using namespace tw::test;

namespace {

nlohmann::json drafts_of(remote_pipeline& remote) {
    nlohmann::json drafts;
    CHECK(comes_true([&] {
        const auto said = remote.status();
        if (!said["remote"].is_object()) return false;
        drafts = said["remote"]["drafts"];
        return drafts.size() == 1 && drafts[0]["path"].is_string() && drafts[0]["rtt_ms"].is_number();
    }));
    return drafts[0];
}

// Answers equal the target's own, and drafts are accepted: on a busy machine after some silence, as the policy may.
void check_answers(remote_pipeline& remote) {
    toy_pipeline local;
    std::uint64_t accepted = 0, seed = 0;
    CHECK(comes_true([&] {
        std::vector<std::pair<std::uint64_t, std::shared_ptr<collected>>> there;
        for (const auto end = seed + 12; seed < end; ++seed) there.emplace_back(seed, begin(remote, request(seed, 100)));
        for (const auto& [asked, answer] : there) {
            const auto got = end_of(*answer);
            CHECK(got.outcome.tokens == run(local, request(asked, 100)).outcome.tokens);
            accepted += got.outcome.stats.accepted;
        }
        return accepted > 20;
    }));
}

constexpr auto slow = R"({"delay_us":3000})"; // so slow that drafting pays

} // namespace

TEST_CASE("a drafter of the asking machine serves the remote target over the same link") {
    machine den("den");
    const auto target = den.serve_target(slow);
    const auto peer = link_to(den.port());
    const auto service = std::make_shared<drafter_service>(toy_model(R"({"disturb":0.1})"));
    peer->serve("draft", std::make_shared<local_drafter>(describe(service->model(), "draft"), service));
    {
        const auto remote = pipeline_at(peer, {{.name = "draft"}});
        REQUIRE(comes_true([&] { return target->drafters() == 1 && service->guests() == 2; })); // the route asks too
        check_answers(*remote);
        CHECK(drafts_of(*remote)["path"] == "relayed");
    }
    CHECK(comes_true([&] { return target->drafters() == 0 && service->guests() == 0; }));
}

TEST_CASE("a drafter on a third machine is used straight away where that is not slower, else over the asking one") {
    const bool direct_is_slow = GENERATE(false, true);
    CAPTURE(direct_is_slow);
    machine den("den"), third("third");
    const auto target = den.serve_target(slow);
    const auto service = third.serve_drafter();
    relay detour(third.port(), {.delay = direct_is_slow ? 60ms : 0ms});
    relay onward(third.port(), {.delay = direct_is_slow ? 0ms : 15ms});
    const auto peer = link_to(den.port()), beyond = link_to(onward.port());
    REQUIRE(comes_true([&] { return beyond->rtt_s().has_value(); }));
    peer->serve("draft", std::make_shared<relayed_drafter>(peer_link::channels(beyond), "small"));
    {
        const auto remote = pipeline_at(peer, {{.name = "draft", .engine = "small",
                                                .url = "tw://127.0.0.1:" + std::to_string(detour.port()),
                                                .token = "secret"}});
        REQUIRE(comes_true([&] { return target->drafters() == 1 && service->sequences() == 0 && service->guests() >= 2; }));
        const auto way = drafts_of(*remote);
        CHECK(way["path"] == (direct_is_slow ? "relayed" : "direct"));
        CHECK(way["direct_rtt_ms"].is_number());
        CHECK(way["relayed_rtt_ms"].get<double>() > (direct_is_slow ? 0.0 : 30.0));
        if (!direct_is_slow) CHECK(way["direct_rtt_ms"].get<double>() < way["relayed_rtt_ms"].get<double>());
        check_answers(*remote);
    }
    CHECK(comes_true([&] { return target->drafters() == 0 && service->guests() == 0; }));
}

TEST_CASE("a direct way that breaks is replaced by the one over the asking machine, and taken again when it stands") {
    machine den("den"), third(hello_of("third"), 0, 1000ms);
    const auto target = den.serve_target(slow);
    const auto service = third.serve_drafter();
    relay detour(third.port()), onward(third.port(), {.delay = 15ms});
    const auto peer = link_to(den.port()), beyond = link_to(onward.port());
    REQUIRE(comes_true([&] { return beyond->rtt_s().has_value(); }));
    peer->serve("draft", std::make_shared<relayed_drafter>(peer_link::channels(beyond), "small"));
    {
        const auto remote = pipeline_at(peer, {{.name = "draft", .engine = "small",
                                                .url = "tw://127.0.0.1:" + std::to_string(detour.port()),
                                                .token = "secret"}});
        const auto takes = [&](const char* path) {
            return comes_true([&] { return target->drafters() == 1 && drafts_of(*remote)["path"] == path; }, 40s);
        };
        REQUIRE(takes("direct"));
        detour.freeze(true);
        detour.cut();
        REQUIRE(takes("relayed"));
        CHECK(drafts_of(*remote)["why"].get<std::string>().starts_with("The direct way broke: "));
        check_answers(*remote);
        detour.freeze(false);
        REQUIRE(takes("direct"));
        check_answers(*remote);
    }
    CHECK(comes_true([&] { return target->drafters() == 0 && service->guests() == 0; }));
}

TEST_CASE("where the direct way is shut the drafter is relayed") {
    machine den("den"), third("third");
    const auto target = den.serve_target(slow);
    third.serve_drafter();
    const auto peer = link_to(den.port()), beyond = link_to(third.port());
    peer->serve("draft", std::make_shared<relayed_drafter>(peer_link::channels(beyond), "small"));
    const auto remote = pipeline_at(peer, {{.name = "draft", .engine = "small",
                                            .url = "tw://127.0.0.1:" + std::to_string(third.port()), .token = "wrong"}});
    REQUIRE(comes_true([&] { return target->drafters() == 1; }));
    const auto way = drafts_of(*remote);
    CHECK(way["path"] == "relayed");
    CHECK(way["why"].get<std::string>().find("token") != std::string::npos);
    check_answers(*remote);
}

TEST_CASE("a machine that dials public addresses alone leaves a private one to the asking machine") {
    machine den(hello_of("den"), 0, 30s, 500ms, true), third("third");
    const auto target = den.serve_target(slow);
    third.serve_drafter();
    const auto peer = link_to(den.port()), beyond = link_to(third.port());
    peer->serve("draft", std::make_shared<relayed_drafter>(peer_link::channels(beyond), "small"));
    const auto remote = pipeline_at(peer, {{.name = "draft", .engine = "small",
                                            .url = "tw://127.0.0.1:" + std::to_string(third.port()), .token = "secret"}});
    REQUIRE(comes_true([&] { return target->drafters() == 1; }));
    const auto way = drafts_of(*remote);
    CHECK(way["path"] == "relayed");
    CHECK(way["why"].get<std::string>().find(" is not dialled: its address 127.0.0.1 is ") != std::string::npos);
}

TEST_CASE("two that use one peer share its link") {
    machine den("den");
    peer_links links(hello_of("caller"));
    const auto one = links.get(to(den.port())).value(), two = links.get(to(den.port())).value();
    CHECK(one == two);
    CHECK(links.get(to(den.port(), "other")).value() != one);
    CHECK(comes_true([&] { return one->now() == peer_link::state::up; }));
    CHECK(den.host->sessions() == 1);
}
