// Drafters on threads of their own: what arrives is used, what is late is not waited for, answers stay the same.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "harness.hpp"

using namespace tw;

namespace {

std::unique_ptr<draft_planner> planner(const std::vector<std::string>& drafters, speculator_options options) {
    std::vector<drafter_offer> offers;
    for (const auto& each : drafters)
        offers.push_back({"toy", [each](draft_inbox& inbox, std::size_t index) {
                              return std::make_unique<drafter_thread>(toy_model(each), inbox, index);
                          }});
    return std::make_unique<speculator>(std::move(offers), options);
}

constexpr speculator_options streaming{.most = 8, .always = false, .mode = speculator_options::way::streaming};
constexpr speculator_options waiting{.most = 8, .always = false, .mode = speculator_options::way::synchronous};

sequence_request endless(std::uint64_t seed, float temperature, std::int32_t tokens) {
    auto request = ask(seed, temperature, tokens);
    request.sampling.logit_bias = {{1, -100.0F}};
    return request;
}

} // namespace

TEST_CASE("a streaming drafter changes no byte, whatever arrives when") {
    const auto drafter = GENERATE("{}", R"({"disturb":0.3})", R"({"disturb":1})", R"({"delay_us":700})",
                                  R"({"context":16})", R"({"fail_at":20})");
    scheduler alone(toy_model(), nullptr, {});
    scheduler with(toy_model(R"({"delay_us":300})"), planner({drafter}, streaming), {});
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        const auto temperature = seed % 2 == 0 ? 1.0F : 0.0F;
        const auto got = run(with, ask(seed, temperature));
        const auto expected = run(alone, ask(seed, temperature));
        CHECK(got.outcome.tokens == expected.outcome.tokens);
        CHECK(got.outcome.logits_digests == expected.outcome.logits_digests);
        CHECK(got.text == expected.text);
    }
}

TEST_CASE("where passes keep their shape it grows to the longest draft and stays, and no byte changes") {
    auto held = GENERATE(streaming, waiting);
    held.passes = speculator_options::shape::held;
    scheduler alone(toy_model(), nullptr, {});
    // The prompt's pass and back for each of four answers, and one row more at most eight times.
    scheduler with(toy_model(R"({"delay_us":300,"shapes":16})"), planner({R"({"disturb":0.3})"}, held), {});
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        const auto got = run(with, endless(seed, 1, 120));
        CHECK(got.outcome.tokens == run(alone, endless(seed, 1, 120)).outcome.tokens);
        CHECK(got.outcome.tokens.size() == 120);
    }
}

TEST_CASE("a good drafter that runs beside the target saves it steps") {
    scheduler with(toy_model(R"({"delay_us":2000})"), planner({R"({"delay_us":50})"}, streaming), {});
    const auto got = run(with, endless(3, 1, 200)).outcome.stats;
    CHECK(got.rounds < 120);
    CHECK(got.accepted > 80);
    CHECK(with.planner()->report().mode == "streaming");
}

TEST_CASE("a streaming drafter is waited for where a pass takes much longer than its tokens") {
    const auto rounds = [](const speculator_options& options) {
        scheduler with(toy_model(R"({"delay_us":10000})"), planner({R"({"delay_us":100,"disturb":0.1})"}, options), {});
        return static_cast<double>(run(with, endless(3, 0, 150)).outcome.stats.rounds);
    };
    // Unwaited for, every correction would be followed by a pass without drafts.
    CHECK(rounds(streaming) < 1.25 * rounds(waiting));
}

TEST_CASE("several streaming drafters race, also for several answers, and one of them may die") {
    scheduler alone(toy_model(), nullptr, {});
    scheduler with(toy_model(R"({"delay_us":300})"),
                   planner({R"({"disturb":0.5})", R"({"disturb":0.1,"delay_us":100})", R"({"fail_at":15})"}, streaming),
                   {.queue = 100});
    std::vector<std::shared_ptr<collected>> sinks;
    for (std::uint64_t i = 0; i < 12; ++i) {
        sinks.push_back(std::make_shared<collected>());
        REQUIRE(with.submit(ask(i, 1), sinks.back()).has_value());
    }
    for (std::uint64_t i = 0; i < 12; ++i)
        CHECK(sinks[i]->result.get().tokens == run(alone, ask(i, 1)).outcome.tokens);
    CHECK_FALSE(with.planner()->report().drafters[2].alive);
}

TEST_CASE("a drafter that stalls is not waited for") {
    // It stands still for a fifth of a second at every tenth pass.
    scheduler with(toy_model(R"({"delay_us":1000})"), planner({R"({"delay_us":50,"stall_ms":200,"stall_every":10})"}, waiting), {});
    const auto got = run(with, endless(3, 0, 250)).outcome.stats;
    CHECK(got.draft_s < 0.25); // the first stalls cost their patience, the others nothing
    CHECK(got.accepted > 0);
}

TEST_CASE("a drafter that stalls while it is measured is not taken for a slow one") {
    std::vector<drafter_offer> offers;
    offers.push_back({"toy", [](draft_inbox& inbox, std::size_t index) {
                          return std::make_unique<drafter_thread>(
                              toy_model(R"({"delay_us":50,"stall_ms":200,"stall_every":13})"), inbox, index);
                      }});
    speculator measured(std::move(offers), {});
    auto target = toy_model(R"({"delay_us":1000})");
    measured.calibrate(*target);
    CHECK(measured.report().drafters.front().token_s < 0.01); // with its stall a token took 25 ms
    CHECK(measured.report().mode != "streaming");
}

TEST_CASE("a drafter streams where it has cores of its own, and is waited for where it shares the target's") {
    const auto streams = [](const std::string& cores) {
        std::vector<drafter_offer> offers;
        offers.push_back({"toy", [&](draft_inbox& inbox, std::size_t index) {
                              return std::make_unique<drafter_thread>(toy_model(R"({"delay_us":1000)" + cores + "}"), inbox, index);
                          }});
        speculator measured(std::move(offers), {});
        auto target = toy_model(R"({"delay_us":5000)" + cores + "}");
        measured.calibrate(*target);
        return measured.report().drafters.front().streams;
    };
    CHECK_FALSE(streams(R"(,"shares_cores":true)"));
    bool beside = false; // on a busy machine even a drafter of its own may look as if it were in the way
    for (int attempt = 0; attempt < 10 && !beside; ++attempt) beside = streams("");
    CHECK(beside);
}

TEST_CASE("the pace of a drafter is followed while it streams") {
    scheduler with(toy_model(R"({"delay_us":6000})"), planner({R"({"delay_us":3000,"disturb":0.2})"}, streaming), {});
    static_cast<void>(run(with, endless(3, 1, 60)));
    CHECK(with.planner()->report().drafters.front().token_s > 0.002); // an eighth of a step is what is guessed
}

TEST_CASE("a drafter that guesses badly is heard out and then left alone") {
    scheduler with(toy_model(R"({"delay_us":1000})"), planner({R"({"disturb":1,"delay_us":200})"}, waiting), {});
    const auto got = run(with, endless(4, 0, 250)).outcome.stats;
    CHECK(got.rounds > 220);
    const auto report = with.planner()->report();
    CHECK(report.drafters.front().observations > 20);
    CHECK(report.drafters.front().acceptance < 0.4);
}

TEST_CASE("a drafter that pays is found out and used") {
    scheduler with(toy_model(R"({"delay_us":2000})"), planner({R"({"delay_us":50})"}, waiting), {});
    const auto got = run(with, endless(4, 0, 250)).outcome.stats;
    CHECK(got.rounds < 125);
    const auto report = with.planner()->report();
    CHECK(report.mode == "synchronous");
    CHECK(report.drafters.front().acceptance > 0.9);
    CHECK(report.predicted_speedup > 1.2);
}

TEST_CASE("a prediction is drafted from, right or wrong, and counted") {
    scheduler alone(toy_model(), nullptr, {});
    scheduler with(toy_model(R"({"delay_us":500})"), planner({}, waiting), {}); // rows cost nothing, passes do
    const auto truth = run(alone, endless(6, 0, 120)).outcome;
    auto request = endless(6, 0, 120);
    request.prediction = truth.tokens;
    const auto right = run(with, request).outcome;
    CHECK(right.tokens == truth.tokens);
    const auto predicted = static_cast<std::size_t>(draft_source::prediction);
    CHECK(right.stats.sources[predicted].accepted > 80);
    CHECK(right.stats.rounds < 50);
    request.prediction.assign(120, 9);
    const auto wrong = run(with, request).outcome;
    CHECK(wrong.tokens == truth.tokens);
    CHECK(wrong.stats.sources[predicted].drafted - wrong.stats.sources[predicted].accepted < 20);
}

TEST_CASE("what repeats itself is drafted without any model") {
    scheduler with(toy_model(R"({"delay_us":500})"), planner({}, waiting), {});
    auto request = endless(6, 0, 200);
    // Only one token may be said, so the text repeats itself.
    for (std::int32_t token = 0; token < toy::n_vocab; ++token)
        if (token != 5) request.sampling.logit_bias.emplace_back(token, -100.0F);
    scheduler alone(toy_model(), nullptr, {});
    const auto got = run(with, request).outcome;
    CHECK(got.tokens == run(alone, request).outcome.tokens);
    CHECK(got.stats.sources[static_cast<std::size_t>(draft_source::ngram)].accepted > 100);
    CHECK(got.stats.rounds < 100);
}
