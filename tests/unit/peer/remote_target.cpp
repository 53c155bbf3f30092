// A target on another machine answers as if it were here.
#include "unit/peer/harness.hpp"

using namespace tw;
using namespace tw::test;

TEST_CASE("a remote target's answers equal a local one's, many at once") {
    machine den("den");
    const auto theirs = den.serve_target();
    toy_pipeline local;
    const auto peer = link_to(den.port());
    const auto remote = pipeline_at(peer);
    for (int turn = 0; turn < 3; ++turn) {
        std::vector<std::shared_ptr<collected>> here, there;
        for (std::uint64_t seed = 0; seed < 24; ++seed) {
            here.push_back(begin(local, request(seed)));
            there.push_back(begin(*remote, request(seed)));
        }
        for (std::size_t i = 0; i < here.size(); ++i) {
            const auto a = end_of(*here[i]), b = end_of(*there[i]);
            CHECK(a.text == b.text);
            CHECK(a.outcome.tokens == b.outcome.tokens);
            CHECK(a.outcome.reason == b.outcome.reason);
            CHECK(b.outcome.seed == i);
        }
    }
    CHECK(remote->running() == 0);
    CHECK(theirs->active() == 0);
}

TEST_CASE("prompts in every form, stop strings and digests cross") {
    machine den("den");
    den.serve_target();
    toy_pipeline local;
    const auto remote = pipeline_at(link_to(den.port()));
    auto asked = request(5);
    asked.logits_digest = asked.record_rounds = true;
    asked.stop = {"e"};
    for (int form = 0; form < 3; ++form) {
        if (form == 1) asked.input = "once upon a time";
        if (form == 2) asked.input = std::vector<chat_message>{{"system", "be\nbrief"}, {"user", "hello"}};
        const auto a = run(local, asked), b = run(*remote, asked);
        CHECK(a.text == b.text);
        CHECK(a.outcome.logits_digests == b.outcome.logits_digests);
        CHECK(a.outcome.rounds.size() == b.outcome.rounds.size());
    }
}

TEST_CASE("what the peer refuses is refused here, in its words") {
    machine den("den");
    den.serve_target();
    const auto remote = pipeline_at(link_to(den.port()));
    auto asked = request(1);
    asked.input = token_ids(500, 3);
    const auto got = run(*remote, asked).outcome;
    CHECK(got.reason == finish_reason::failed);
    REQUIRE(got.failure);
    CHECK(got.failure->code == code::context_overflow);
    CHECK(got.failure->message.find("500 tokens") != std::string::npos);
    asked.input = std::vector<chat_message>(5000);
    const auto sink = std::make_shared<collected>();
    const auto started = remote->start(asked, sink);
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().code == code::invalid_argument);
    CHECK(remote->running() == 0);
}

TEST_CASE("an answer can be cancelled from here") {
    machine den("den");
    const auto theirs = den.serve_target(R"({"delay_us":2000,"context":100000,"eog":-100})");
    const auto remote = pipeline_at(link_to(den.port()));
    const auto sink = std::make_shared<collected>();
    const auto started = remote->start(request(3, 90'000), sink);
    REQUIRE(started.has_value());
    sink->began.get();
    (*started)->cancel();
    CHECK(end_of(*sink).outcome.reason == finish_reason::cancelled);
    CHECK(comes_true([&] { return theirs->active() == 0; }));
}

TEST_CASE("without a link there is an answer at once: unavailable, and when to come again") {
    std::uint16_t port = 0;
    {
        machine den("den");
        port = den.port();
    }
    const auto peer = link_to(port);
    remote_pipeline remote({"chat", {"m"}, peer, "big", {}});
    REQUIRE(comes_true([&] { return !peer->why().empty() && peer->why() != "It is being connected."; }));
    const auto sink = std::make_shared<collected>();
    const auto started = remote.start(request(1), sink);
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().code == code::unavailable);
    CHECK(started.error().retry_after == 1s);
    CHECK(started.error().message.find(peer->url()) != std::string::npos);
    CHECK_FALSE(remote.is_up());
    machine den(hello_of("den"), port);
    den.serve_target(); // a model may come after the link
    CHECK(comes_true([&] { return remote.is_up(); }));
    CHECK(run(remote, request(1)).outcome.reason != finish_reason::failed);
}

TEST_CASE("why a wanted drafter is not lent is in the status") {
    machine den("den");
    const auto peer = link_to(den.port());
    const remote_pipeline all({"chat", {"m"}, peer, "big", {}});
    CHECK_FALSE(all.status().contains("speculation"));
    const remote_pipeline fewer({"chat", {"m"}, peer, "big", {}, "The file is broken."});
    CHECK(fewer.status()["speculation"]["why_not"] == "The file is broken.");
}

TEST_CASE("the peer and its pipeline are in the status") {
    machine den("den");
    den.serve_target();
    const auto remote = pipeline_at(link_to(den.port()));
    CHECK(remote->remote()->n_vocab == toy::n_vocab);
    nlohmann::json said;
    CHECK(comes_true([&] {
        said = remote->status();
        return said["remote"].is_object() && said["peer"]["rtt_ms"].is_number();
    }));
    CHECK(said["remote"]["pipeline"]["toy"] == true);
    CHECK(said["peer"]["state"] == "up");
    CHECK(said["peer"]["machine"] == "den");
    CHECK(said["peer"]["frames_sent"].get<int>() > 1);
    CHECK(den.host->status()["peers"][0]["machine"] == "caller");
}

TEST_CASE("a host that stops while answers run leaves nobody waiting") {
    for (int turn = 0; turn < 5; ++turn) {
        auto den = std::make_unique<machine>("den");
        const auto theirs = den->serve_target(R"({"delay_us":500,"context":100000,"eog":-100})");
        const auto remote = pipeline_at(link_to(den->port()));
        std::vector<std::shared_ptr<collected>> sinks;
        for (std::uint64_t seed = 0; seed < 8; ++seed) sinks.push_back(begin(*remote, request(seed, 90'000)));
        sinks.front()->began.get();
        den.reset();
        for (const auto& sink : sinks) {
            const auto got = end_of(*sink).outcome;
            CHECK(got.reason == finish_reason::failed);
            REQUIRE(got.failure);
            CHECK(got.failure->code == code::unavailable);
            CHECK(got.failure->message.find("tw://127.0.0.1") != std::string::npos);
        }
        CHECK(comes_true([&] { return theirs->active() == 0; }));
    }
}

TEST_CASE("one that asks and goes leaves nothing running") {
    machine den("den");
    const auto theirs = den.serve_target(R"({"delay_us":500,"context":100000,"eog":-100})");
    const auto sink = [&] {
        const auto remote = pipeline_at(link_to(den.port()));
        auto made = begin(*remote, request(1, 90'000));
        made->began.get();
        return made;
    }();
    CHECK(end_of(*sink).outcome.reason == finish_reason::cancelled);
    CHECK(comes_true([&] { return theirs->active() == 0; }));
}
