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

namespace {

// A pipeline that calls a function and says how likely everything was; it keeps what it was asked.
struct eloquent final : tw::pipeline {
    std::string called = "eloquent";
    std::vector<std::string> serving{"eloquent"};
    std::promise<generation_request> asked;

    [[nodiscard]] const std::string& name() const override { return called; }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return serving; }
    [[nodiscard]] nlohmann::json status() const override { return {}; }
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) override {
        struct over final : generation {
            void cancel() override {}
        };
        asked.set_value(std::move(request));
        sink->likelihoods({{{7, "\xE8", -0.5}, {{7, "\xE8", -0.5}, {8, "no", -1.5}}}});
        sink->text("well");
        sink->call({0, {"c1", "f", ""}});
        sink->call({0, {"", "", R"({"a":)"}});
        sink->call({0, {"", "", "1}"}});
        generation_result out;
        out.prompt_logprobs = {{{3, "x", 0}, {}}, {{4, "y", -2}, {{5, "z", -1}}}};
        sink->done(std::move(out));
        return std::make_shared<over>();
    }
};

struct heard final : generation_sink {
    std::string said; // in the order it came
    std::vector<token_likelihood> likely;
    std::promise<generation_result> ended;

    void text(std::string_view piece) override { said.append(piece).append("|"); }
    void likelihoods(std::vector<token_likelihood> tokens) override {
        said += "likely|";
        likely = std::move(tokens);
    }
    void call(tool_call_piece piece) override {
        said += std::to_string(piece.index) + ' ' + piece.more.id + ' ' + piece.more.name + ' ' + piece.more.arguments + '|';
    }
    void done(generation_result result) override { ended.set_value(std::move(result)); }
};

} // namespace

TEST_CASE("tools, forms and log probabilities cross, and what was called before") {
    machine den("den");
    const auto theirs = std::make_shared<eloquent>();
    den.host->serve({toy_pipeline().engine("big"), theirs, [](drafter_offer) { return std::size_t{0}; }, [](std::size_t) {}});
    const auto remote = pipeline_at(link_to(den.port()));
    generation_request asked;
    asked.input = std::vector<chat_message>{{"user", "x"}, {"assistant", "", {{"c0", "f", R"({"a":0})"}}}, {"tool", "ok", {}, "c0", "f"}};
    asked.tools = {R"([{"type":"function","function":{"name":"f"}}])", true, false};
    asked.top_logprobs = 2;
    asked.prompt_logprobs = true;
    auto both = asked;
    both.sampling.grammar = R"({"gbnf":"root ::= \"a\""})";
    CHECK(remote->start(both, std::make_shared<heard>()).error().param == "tools");
    const auto sink = std::make_shared<heard>();
    REQUIRE(remote->start(asked, sink).has_value());
    const auto outcome = sink->ended.get_future().get();
    const auto got = theirs->asked.get_future().get();
    CHECK(got.tools.functions == asked.tools.functions);
    CHECK(got.tools.required);
    CHECK_FALSE(got.tools.parallel);
    CHECK(got.top_logprobs == 2);
    CHECK(got.prompt_logprobs);
    const auto& messages = std::get<std::vector<chat_message>>(got.input);
    CHECK(messages[1].calls.at(0).arguments == R"({"a":0})");
    CHECK(messages[2].call_id == "c0");
    CHECK(messages[2].tool == "f");
    CHECK(sink->said == R"(likely|well|0 c1 f |0   {"a":|0   1}|)");
    CHECK(sink->likely.at(0).chosen.bytes == "\xE8");
    CHECK(sink->likely.at(0).top.at(1).logprob == -1.5);
    CHECK(outcome.prompt_logprobs.at(1).top.at(0).token == 5);
}

TEST_CASE("what is no JSON where JSON belongs is refused before anybody parses it") {
    machine den("den");
    const auto theirs = std::make_shared<eloquent>();
    den.host->serve({toy_pipeline().engine("big"), theirs, [](drafter_offer) { return std::size_t{0}; }, [](std::size_t) {}});
    const auto remote = pipeline_at(link_to(den.port()));
    const auto refusal = [&](generation_request asked) {
        const auto sink = std::make_shared<heard>();
        REQUIRE(remote->start(std::move(asked), sink).has_value());
        const auto outcome = sink->ended.get_future().get();
        REQUIRE(outcome.failure);
        CHECK(outcome.failure->code == code::invalid_argument);
        return outcome.failure->message;
    };
    auto asked = request(1);
    asked.tools.functions = "{}";
    CHECK(refusal(asked) == "The asking host sent functions that are no JSON array.");
    asked.tools.functions = std::string(1000, '[');
    CHECK(refusal(asked) == "The asking host sent functions that are no JSON array.");
    asked = request(1);
    asked.sampling.grammar = "root ::= x";
    CHECK(refusal(asked) == "The asking host sent a form for the answer that is no JSON object.");
    asked.sampling.grammar.clear();
    asked.input = std::vector<chat_message>{{"assistant", "", {{"c", "f", "{"}}}};
    CHECK(refusal(asked) == "The asking host sent a call of 'f' whose arguments are no JSON object.");
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
