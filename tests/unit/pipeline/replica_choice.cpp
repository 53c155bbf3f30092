// Which replica an answer begins at, and what is said where none takes it.
#include <chrono>
#include <memory>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "unit/pipeline/replica_fleet.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;

TEST_CASE("an answer goes to the first replica, and to the next when it is down or refuses") {
    fleet all(failover::same_bytes);
    CHECK(ask(all).text == whole);
    CHECK(all.a().requests().size() == 1);
    all.up[0] = false;
    CHECK(ask(all).text == whole);
    CHECK(all.b().requests().size() == 1);
    all.up[0] = true;
    for (const auto why : {code::busy, code::unavailable}) {
        all.a().plays(refusing(why));
        const auto got = ask(all);
        CHECK(got.text == whole);
        CHECK(got.result.continued_on.empty());
    }
    CHECK(all.models->status()["moves"] == 0);
}

TEST_CASE("when all refuse, the last refusal comes back with the soonest time to retry") {
    fleet all(failover::same_bytes, 3);
    all.a().plays(refusing(code::busy, 700ms));
    all.b().plays(refusing(code::busy, 300ms));
    all.c().plays(refusing(code::unavailable));
    const auto sink = std::make_shared<told>();
    const auto got = all.models->start(asks(), sink);
    REQUIRE(got.has_error());
    CHECK(got.error().code == code::unavailable);
    CHECK(got.error().retry_after == 300ms);
    CHECK(sink->ends.empty());
}

TEST_CASE("a refusal that is the request's own fault is not tried elsewhere") {
    fleet all(failover::any);
    all.a().plays(refusing(code::context_overflow));
    const auto got = all.models->start(asks(), std::make_shared<told>());
    REQUIRE(got.has_error());
    CHECK(got.error().code == code::context_overflow);
    CHECK(all.b().requests().empty());
}

TEST_CASE("with no replica up the refusal names them all") {
    fleet all(failover::same_bytes);
    all.up[0] = all.up[1] = false;
    const auto got = all.models->start(asks(), std::make_shared<told>());
    REQUIRE(got.has_error());
    CHECK(got.error().code == code::unavailable);
    CHECK(got.error().message == "No replica of pipeline \"chat\" is up (\"a\", \"b\"). Start one of these machines, or "
                                 "see /v1/tightwad/status for what is wrong.");
}

TEST_CASE("answers spread over replicas by load") {
    fleet all(failover::same_bytes);
    for (auto& each : all.machines) each->plays(hanging(1));
    std::vector<std::shared_ptr<told>> sinks;
    for (int i = 0; i < 6; ++i) {
        sinks.push_back(std::make_shared<told>());
        REQUIRE(all.models->start(asks("question " + std::to_string(i) + '|'), sinks.back()).has_value());
    }
    CHECK(all.a().requests().size() == 3);
    CHECK(all.b().requests().size() == 3);
    CHECK(all.models->status()["replicas"][0]["running"] == 3);
    all.models.reset(); // cancels them
    for (auto& sink : sinks) CHECK(sink->wait().reason == finish_reason::cancelled);
}

TEST_CASE("a prompt goes where its beginning was, unless that replica is the busier by two") {
    fleet all(failover::same_bytes);
    const std::string beginning(300, 'x');
    all.up[0] = false;
    (void)ask(all, asks(beginning + "one|"));
    all.up[0] = true;
    (void)ask(all, asks(beginning + "two|"));
    CHECK(all.b().requests().size() == 2);
    (void)ask(all, asks(std::string(200, 'x') + "too short a beginning|"));
    CHECK(all.a().requests().size() == 1);

    all.b().plays(hanging(1));
    auto first = std::make_shared<told>(), second = std::make_shared<told>();
    REQUIRE(all.models->start(asks(beginning + "three|"), first).has_value());
    REQUIRE(all.models->start(asks(beginning + "four|"), second).has_value());
    CHECK(all.b().requests().size() == 4);
    (void)ask(all, asks(beginning + "five|"));
    CHECK(all.a().requests().size() == 2);
}

TEST_CASE("the same beginning as text and as chat are two") {
    prompt_memory memory;
    const std::string long_text(640, 'x');
    memory.remember(chain_of(asks(long_text)));
    CHECK(memory.shared(chain_of(asks(long_text))) == 640);
    CHECK(memory.shared(chain_of(asks(long_text.substr(0, 400)))) == 384);
    CHECK(memory.shared(chain_of(asks(std::vector<chat_message>{{"user", long_text}}))) == 0);
    memory.remember(chain_of(asks(std::string(1U << 20U, 'y'))));
    CHECK(memory.shared(chain_of(asks(std::string(2U << 20U, 'y')))) == 64U << 10U);
    for (char c = '!'; c < '!' + 32; ++c) memory.remember(chain_of(asks(std::string(256, c))));
    CHECK(memory.shared(chain_of(asks(long_text))) == 0); // 32 others came since
}

TEST_CASE("a replica that refuses before its first word is passed over, whatever the policy, and left alone as long as it asked") {
    for (const auto code : {code::busy, code::corrupt, code::denied, code::not_found}) {
        fleet all(failover::none, 3);
        auto refuses = failing(0, code);
        refuses.retry_after = 30s;
        all.a().plays(refuses);
        all.b().plays(refuses);
        const auto got = ask(all);
        CHECK(got.text == whole);
        CHECK(got.result.reason == finish_reason::stop);
        CHECK(got.result.continued_on.empty());
        CHECK(all.models->status()["moves"] == 0);
        if (code != code::busy) continue;
        CHECK(ask(all).text == whole);
        CHECK(all.a().requests().size() == 1); // it said when to come back
        CHECK(all.c().requests().size() == 2);
    }
}

TEST_CASE("in order, the first one's pause is kept, too") {
    fleet all(failover::same_bytes, 2, {"d", "d", "d"}, true);
    auto refuses = failing(0, code::busy);
    refuses.retry_after = 30s;
    all.a().plays(std::vector{refuses, script{}});
    for (int i = 0; i < 3; ++i) CHECK(ask(all).text == whole);
    CHECK(all.a().requests().size() == 1);
    CHECK(all.b().requests().size() == 3);
}

TEST_CASE("when all refuse before their first word, what a later try may not meet comes back, with the soonest advice") {
    fleet all(failover::same_bytes, 3);
    auto busy = failing(0, code::busy);
    busy.retry_after = 7s;
    all.a().plays(busy);
    busy.retry_after = 3s;
    all.b().plays(busy);
    all.c().plays(failing(0, code::denied));
    const auto got = ask(all);
    CHECK(got.text.empty());
    REQUIRE(got.result.failure);
    CHECK(got.result.failure->code == code::busy);
    CHECK(got.result.failure->message == "The link to b broke.");
    CHECK(got.result.failure->retry_after == 3s);
    for (const auto& each : all.machines) CHECK(each->requests().size() == 1);
}

TEST_CASE("a replica that cannot do what is asked leaves it to one that can") {
    fleet all(failover::same_bytes);
    all.a().plays(refusing(code::unsupported));
    CHECK(ask(all).text == whole);
    all.b().plays(refusing(code::unsupported));
    const auto none = all.models->start(asks(), std::make_shared<told>());
    REQUIRE(none.has_error());
    CHECK(none.error().code == code::unsupported);
}

TEST_CASE("the status is that of the first replica that is up, and names all") {
    fleet all(failover::any, 2, {"d", "", ""});
    all.up[0] = false;
    const auto status = all.models->status();
    CHECK(status["name"] == "chat");
    CHECK(status["serves"] == nlohmann::json::array({"model"}));
    CHECK(status["of"] == "b");
    CHECK(status["slots"]["total"] == 4);
    CHECK(status["failover"] == "any");
    CHECK(status["moves"] == 0);
    REQUIRE(status["replicas"].size() == 2);
    CHECK(status["replicas"][0]["up"] == false);
    CHECK(status["replicas"][0]["exactness_known"] == true);
    CHECK(status["replicas"][1]["exactness_known"] == false);
    CHECK(status["replicas"][1]["status"]["of"] == "b");
}
