// How answers end: max_tokens, end of generation, stop strings, context, cancel, failure, shutdown.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "harness.hpp"

using namespace tw;

TEST_CASE("max_tokens is exact, also in the middle of a round") {
    scheduler speculating(toy_model(), toy_drafter("{}", 4), {});
    for (std::int32_t n = 1; n <= 23; ++n) {
        auto request = ask(5, 1, n);
        request.sampling.logit_bias = {{1, -100.0F}};
        const auto got = run(speculating, request);
        CHECK(got.outcome.reason == finish_reason::length);
        CHECK(got.outcome.completion_tokens == n);
    }
}

TEST_CASE("the target decides where an answer ends, not a draft") {
    const std::string eager = R"({"eog":6})"; // the drafter wants to stop much sooner
    scheduler alone(toy_model(R"({"eog":1})"), nullptr, {});
    scheduler speculating(toy_model(R"({"eog":1})"), toy_drafter(eager, 4), {});
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto a = run(alone, ask(seed, 1, 200));
        const auto b = run(speculating, ask(seed, 1, 200));
        CHECK(a.outcome.tokens == b.outcome.tokens);
        CHECK(a.outcome.reason == b.outcome.reason);
        if (a.outcome.reason == finish_reason::stop) CHECK(a.outcome.tokens.back() == 1);
    }
}

TEST_CASE("a stop string ends the answer before it, wherever rounds fall") {
    auto letters = ask(7, 1, 60);
    letters.sampling.logit_bias = {{1, -100.0F}, {29, -100.0F}, {30, -100.0F}, {31, -100.0F}};
    scheduler alone(toy_model(), nullptr, {});
    const auto whole = run(alone, letters).text;
    REQUIRE(whole.size() == 60);
    for (const std::size_t length : {1U, 2U, 3U}) {
        const auto stop = whole.substr(10, length);
        const auto expected = whole.substr(0, whole.find(stop));
        for (const auto draft : {1, 3, 8}) {
            scheduler speculating(toy_model(), toy_drafter(R"({"disturb":0.1})", draft), {});
            auto request = letters;
            request.stop = {"zzzzzz", stop};
            const auto got = run(speculating, request);
            CHECK(got.text == expected);
            CHECK(got.outcome.reason == finish_reason::stop);
            CHECK(got.outcome.stopped_by == stop);
        }
    }
}

TEST_CASE("what was drafted behind a stop string is not counted as accepted") {
    auto letters = ask(7, 1, 60);
    letters.sampling.logit_bias = {{1, -100.0F}, {29, -100.0F}, {30, -100.0F}, {31, -100.0F}};
    scheduler alone(toy_model(), nullptr, {});
    const auto whole = run(alone, letters);
    scheduler speculating(toy_model(), toy_drafter("{}", 8), {});
    for (std::size_t at = 1; at < 30; ++at) {
        auto request = letters;
        request.stop = {whole.text.substr(at - 1, 2)};
        request.prediction = whole.outcome.tokens;
        request.record_rounds = true;
        const auto got = run(speculating, request).outcome;
        std::uint64_t by_source = 0, by_round = 0;
        for (const auto& each : got.stats.sources) by_source += each.accepted;
        for (const auto& each : got.rounds) by_round += each.accepted;
        CHECK(by_source == got.stats.accepted);
        CHECK(by_round == got.stats.accepted);
        // The pass that reads the prompt picks the first token without a draft.
        CHECK(got.stats.accepted + got.stats.bonus + 1 <= static_cast<std::uint64_t>(got.completion_tokens));
    }
}

TEST_CASE("a prompt that does not fit is refused with both numbers; one that just fits is answered") {
    scheduler small(toy_model(R"({"context":32})"), toy_drafter("{}"), {});
    auto request = ask(1, 0, 100);
    request.prompt.assign(32, 3);
    const auto refused = small.submit(request, std::make_shared<collected>());
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == code::context_overflow);
    CHECK(refused.error().message.find("32 tokens long") != std::string::npos);
    request.prompt.resize(31);
    request.sampling.logit_bias = {{1, -100.0F}};
    const auto one = run(small, request);
    CHECK(one.outcome.reason == finish_reason::length);
    CHECK(one.outcome.completion_tokens == 1);
    request.prompt.resize(5);
    CHECK(run(small, request).outcome.completion_tokens == 27);
    request.prompt.clear();
    CHECK(small.submit(request, std::make_shared<collected>()).error().code == code::invalid_argument);
}

TEST_CASE("answers above the slots wait, above the queue they are refused with an advice") {
    scheduler busy(toy_model(R"({"slots":2,"delay_us":500})"), nullptr, {.queue = 3});
    std::vector<std::shared_ptr<collected>> sinks;
    int refused = 0;
    for (std::uint64_t i = 0; i < 9; ++i) {
        auto sink = std::make_shared<collected>();
        auto request = ask(i, 1, 40);
        request.sampling.logit_bias = {{1, -100.0F}};
        const auto got = busy.submit(request, sink);
        if (got) {
            sinks.push_back(sink);
            continue;
        }
        ++refused;
        CHECK(got.error().code == code::busy);
        CHECK(got.error().retry_after.count() > 0);
    }
    CHECK(refused >= 2);
    CHECK(sinks.size() >= 5);
    for (const auto& sink : sinks) CHECK(sink->result.get().completion_tokens == 40);
    CHECK(busy.state().active == 0);
    CHECK(busy.state().queued == 0);
}

TEST_CASE("a cancelled answer ends, running or waiting, and its slot serves the next") {
    scheduler one(toy_model(R"({"slots":1,"delay_us":300,"context":100000})"), nullptr, {});
    auto endless = ask(1, 1, 100000);
    endless.sampling.logit_bias = {{1, -100.0F}};
    auto running_sink = std::make_shared<collected>();
    auto waiting_sink = std::make_shared<collected>();
    const auto running = one.submit(endless, running_sink);
    const auto waiting = one.submit(endless, waiting_sink);
    REQUIRE(running.has_value());
    REQUIRE(waiting.has_value());
    running_sink->began.get();
    (*waiting)->cancel();
    CHECK(waiting_sink->result.get().reason == finish_reason::cancelled);
    (*running)->cancel();
    CHECK(running_sink->result.get().reason == finish_reason::cancelled);
    CHECK(run(one, ask(2, 0, 10)).outcome.completion_tokens > 0);
    CHECK(one.state().active == 0);
}

TEST_CASE("a failing target ends the answers of that pass with an error; the next one works") {
    scheduler fragile(toy_model(R"({"fail_at":5})"), nullptr, {});
    const auto failed = run(fragile, ask(1, 1, 60));
    CHECK(failed.outcome.reason == finish_reason::failed);
    REQUIRE(failed.outcome.failure);
    CHECK(failed.outcome.failure->message == "The toy engine was told to fail here.");
    CHECK(run(fragile, ask(1, 1, 60)).outcome.reason != finish_reason::failed);
}

TEST_CASE("a drafter that is lost costs speed, never a byte") {
    const auto when = GENERATE(1, 2, 5, 9);
    scheduler alone(toy_model(), nullptr, {});
    scheduler losing(toy_model(), toy_drafter(R"({"fail_at":)" + std::to_string(when) + "}"), {});
    for (std::uint64_t seed = 0; seed < 3; ++seed)
        CHECK(run(losing, ask(seed, 1)).outcome.tokens == run(alone, ask(seed, 1)).outcome.tokens);
    CHECK_FALSE(losing.planner()->report().drafters.front().alive);
}

TEST_CASE("stopping ends what runs and what waits with an explicit error") {
    std::vector<std::shared_ptr<collected>> sinks;
    {
        scheduler stopping(toy_model(R"({"slots":2,"delay_us":200,"context":100000})"), toy_drafter("{}"), {});
        for (std::uint64_t i = 0; i < 6; ++i) {
            sinks.push_back(std::make_shared<collected>());
            auto endless = ask(i, 1, 100000);
            endless.sampling.logit_bias = {{1, -100.0F}};
            REQUIRE(stopping.submit(endless, sinks.back()).has_value());
        }
        sinks.front()->began.get();
    }
    for (const auto& sink : sinks) {
        const auto outcome = sink->result.get();
        CHECK(outcome.reason == finish_reason::failed);
        CHECK(outcome.failure->code == code::unavailable);
    }
}
