// How an answer whose replica is lost goes on elsewhere, and when it must not.
#include <memory>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "unit/pipeline/replica_fleet.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;

TEST_CASE("a lost answer goes on elsewhere with the same bytes, seed and prediction") {
    for (const auto code : {code::unavailable, code::timed_out}) {
        for (const std::size_t after : {0U, 1U, 7U, 20U}) {
            fleet all(failover::same_bytes);
            all.a().plays(failing(after, code));
            const auto got = ask(all);
            CHECK(got.text == whole);
            CHECK(got.result.reason == finish_reason::stop);
            CHECK(got.result.completion_tokens == 20);
            CHECK(got.result.stats.tokens == 20);
            CHECK(got.result.stats.rounds == 20 + after);
            CHECK(got.result.stats.verify_s == 1.0);
            CHECK(got.result.continued_on.empty());
            const auto again = all.b().requests().at(0);
            CHECK(again.sampling.seed == 7);
            CHECK(again.prediction == story("tell", 7, after));
            CHECK(all.models->status()["moves"] == 1);
        }
    }
}

TEST_CASE("a client's own prediction stays when it begins with what was said") {
    fleet all(failover::same_bytes);
    all.a().plays(failing(3));
    auto right = asks();
    right.prediction = whole + "and more";
    (void)ask(all, right);
    CHECK(all.b().requests().at(0).prediction == right.prediction);
    auto wrong = asks();
    wrong.prediction = "something else";
    (void)ask(all, wrong);
    CHECK(all.b().requests().at(1).prediction == story("tell", 7, 3));
}

TEST_CASE("same_bytes takes an equal digest only, and reads it anew") {
    fleet all(failover::same_bytes, 3, {"d", "e", "d"});
    all.a().plays(failing(4));
    CHECK(ask(all).text == whole);
    CHECK(all.b().requests().empty());
    CHECK(all.c().requests().size() == 1);

    all.digests[2] = "f"; // another machine came back under its name
    const auto none = ask(all);
    CHECK(none.result.reason == finish_reason::failed);
    CHECK(none.result.failure->code == code::unavailable);
    CHECK(none.result.failure->message ==
          "Replica \"a\" was lost after " + std::to_string(story("tell", 7, 4).size()) +
              " bytes of the answer (The link to a broke.), and no other one goes on: Of the 3 replicas of pipeline "
              "\"chat\" (\"a\", \"b\", \"c\") no other one that is up has the same exactness digest. Ask again.");
    CHECK(none.text == story("tell", 7, 4));
    CHECK(none.result.completion_tokens == 4);

    all.digests = {"", "", ""};
    CHECK(ask(all).result.failure->code == code::unavailable);
    CHECK(all.b().requests().empty());
}

TEST_CASE("before the first text any replica will do") {
    fleet all(failover::same_bytes, 2, {"d", "e", ""});
    all.a().plays(failing(0));
    const auto got = ask(all);
    CHECK(got.text == whole);
    CHECK(got.result.continued_on.empty());
}

TEST_CASE("a replica of equal digest that says something else ends the answer") {
    script other, shorter;
    other.differs_at = 2;
    shorter.stops_after = 3;
    for (const auto& how : {other, shorter}) {
        fleet all(failover::same_bytes);
        all.a().plays(failing(5));
        all.b().plays(how);
        const auto got = ask(all);
        CHECK(got.text == story("tell", 7, 5));
        CHECK(got.result.reason == finish_reason::failed);
        CHECK(got.result.failure->code == code::corrupt);
        CHECK(got.result.failure->message.find("\"b\" gives another text from byte") != std::string::npos);
    }
}

TEST_CASE("with `any` an unequal digest is marked, an equal one is preferred and not marked") {
    fleet marked(failover::any, 2, {"d", "e", ""});
    marked.a().plays(failing(4));
    const auto got = ask(marked);
    CHECK(got.text == whole);
    CHECK(got.result.continued_on == "b");

    fleet unknown(failover::any, 2, {"", "", ""});
    unknown.a().plays(failing(4));
    CHECK(ask(unknown).result.continued_on == "b");

    fleet equal(failover::any, 3, {"d", "e", "d"});
    equal.a().plays(failing(4));
    CHECK(ask(equal).result.continued_on.empty());
    CHECK(equal.b().requests().empty());
}

TEST_CASE("with `any` a text prompt goes on behind what was delivered when the other says something else") {
    for (const bool counts : {true, false}) {
        fleet all(failover::any, 2, {"d", "e", ""});
        auto lost = failing(5);
        lost.counts = counts;
        all.a().plays(lost);
        script other;
        other.differs_at = 3;
        all.b().plays(other);
        auto request = asks();
        request.max_tokens = 12;
        const auto got = ask(all, request);
        CHECK(got.text.starts_with(story("tell", 7, 5) + "other"));
        CHECK(std::count(got.text.begin(), got.text.end(), ' ') == 12);
        CHECK(got.result.reason == finish_reason::length);
        CHECK(got.result.completion_tokens == 12);
        CHECK(got.result.prompt_tokens == 5);
        CHECK(got.result.continued_on == "b");
        const auto asked = all.b().requests(2);
        CHECK(std::get<std::string>(asked.at(1).input) == "tell|" + story("tell", 7, 5));
        CHECK(asked.at(1).max_tokens == 7);
    }
}

TEST_CASE("a continued answer that is lost again goes on behind both parts") {
    fleet all(failover::any, 2, {"d", "e", ""});
    all.a().plays(std::vector{failing(5), script{}});
    auto other = failing(9);
    other.differs_at = 3;
    all.b().plays(other);
    const auto got = ask(all);
    CHECK(got.result.reason == finish_reason::stop);
    CHECK(got.text.starts_with(story("tell", 7, 5) + "other"));
    CHECK(got.text.ends_with(whole.substr(story("tell", 7, 14).size())));
    CHECK(got.result.completion_tokens == 20);
    CHECK(got.result.prompt_tokens == 5);
    CHECK(got.result.continued_on == "a");
    CHECK(all.models->status()["moves"] == 2);
}

TEST_CASE("when nothing is left of max_tokens, a continuation is not asked for") {
    fleet all(failover::any, 2, {"d", "e", ""});
    all.a().plays(failing(5));
    script other;
    other.differs_at = 3;
    all.b().plays(other);
    auto request = asks();
    request.max_tokens = 5;
    const auto got = ask(all, request);
    CHECK(got.text == story("tell", 7, 5));
    CHECK(got.result.reason == finish_reason::length);
    CHECK(got.result.completion_tokens == 5);
    CHECK(all.b().requests().size() == 1);
}

TEST_CASE("with `any` a chat and token ids end with an error where the other says something else") {
    script other;
    other.differs_at = 3;
    for (auto input : {asks(std::vector<chat_message>{{"user", "hello"}}), asks(token_ids{1, 2, 3})}) {
        fleet all(failover::any, 2, {"d", "e", ""});
        all.a().plays(failing(5));
        all.b().plays(other);
        const auto got = ask(all, input);
        CHECK(got.result.reason == finish_reason::failed);
        CHECK(got.result.failure->code == code::unavailable);
        CHECK(got.result.failure->message.ends_with("only an answer to a prompt in text can be continued from there. Ask again."));
    }
}

TEST_CASE("with `none` the loss itself is delivered") {
    fleet all(failover::none);
    all.a().plays(failing(4));
    const auto got = ask(all);
    CHECK(got.text == story("tell", 7, 4));
    CHECK(got.result.failure->message == "The link to a broke.");
    CHECK(all.b().requests().empty());
}

TEST_CASE("a refusal behind the first word ends the answer") {
    fleet all(failover::any);
    all.a().plays(failing(4, code::busy));
    const auto got = ask(all);
    CHECK(got.text == story("tell", 7, 4));
    CHECK(got.result.failure->code == code::busy);
    CHECK(all.b().requests().empty());
}

TEST_CASE("an answer that may call tools, or has log probabilities, moves before its first word only") {
    auto with_tools = asks();
    with_tools.tools.functions = R"([{"type":"function","function":{"name":"f"}}])";
    auto with_logprobs = asks();
    with_logprobs.top_logprobs = 1;
    for (const auto& request : {with_tools, with_logprobs}) {
        fleet all(failover::any);
        all.a().plays(std::vector{failing(0), failing(3)});
        CHECK(ask(all, request).text == whole);
        all.up[1] = false;
        const auto got = ask(all, request);
        CHECK(got.text == story("tell", 7, 3));
        CHECK(got.result.failure->message == "The link to a broke.");
        CHECK(all.b().requests().size() == 1);
    }
}

TEST_CASE("once a tool was called the answer stays") {
    fleet all(failover::any);
    auto calls = failing(3);
    calls.calls_after = 0;
    all.a().plays(calls);
    auto request = asks();
    request.tools.functions = R"([{"type":"function","function":{"name":"f"}}])";
    const auto got = ask(all, request);
    CHECK(got.text == "[f]" + story("tell", 7, 3));
    CHECK(got.result.reason == finish_reason::failed);
    CHECK(all.b().requests().empty());
}

TEST_CASE("what a server says of its answer moves with it, a piece of the message that is no text does not") {
    for (const bool adds_up : {false, true}) {
        fleet all(failover::any);
        auto tells = failing(3);
        tells.extra_after = 1;
        tells.extra_adds_up = adds_up;
        all.a().plays(tells);
        const auto sink = std::make_shared<told>();
        REQUIRE(all.models->start(asks(), sink).has_value());
        const auto end = sink->wait();
        CHECK(sink->extras == 1);
        CHECK((end.reason == finish_reason::failed) == adds_up);
        CHECK(sink->said() == (adds_up ? story("tell", 7, 3) : whole));
    }
}

TEST_CASE("an error that another machine would make too is delivered as it is") {
    fleet all(failover::same_bytes);
    all.a().plays(failing(4, code::internal));
    CHECK(ask(all).result.failure->message == "The link to a broke.");
    CHECK(all.b().requests().empty());
}

TEST_CASE("an answer moves three times and no more") {
    fleet all(failover::same_bytes);
    for (auto& each : all.machines) each->plays(failing(4));
    const auto got = ask(all);
    CHECK(got.text == story("tell", 7, 4));
    CHECK(got.result.reason == finish_reason::failed);
    CHECK(got.result.failure->message.find("after 3 moves") != std::string::npos);
    CHECK(all.a().requests().size() == 2);
    CHECK(all.b().requests().size() == 2);
    CHECK(all.models->status()["moves"] == 3);
}
