// Speculation never changes an answer: not its tokens, not its text, not the logits it was picked from.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "harness.hpp"

using namespace tw;

namespace {

void same(const answer& a, const answer& b) {
    REQUIRE(a.outcome.reason == b.outcome.reason);
    REQUIRE(a.outcome.tokens == b.outcome.tokens);
    REQUIRE(a.outcome.logits_digests == b.outcome.logits_digests);
    REQUIRE(a.text == b.text);
}

} // namespace

TEST_CASE("an answer is the same whatever drafts for it") {
    const auto temperature = GENERATE(0.0F, 0.7F, 1.0F);
    const auto drafter = GENERATE("{}", R"({"disturb":0.2})", R"({"disturb":1})", R"({"context":16})");
    const auto length = GENERATE(1, 4, 9);
    scheduler alone(toy_model(), nullptr, {});
    scheduler speculating(toy_model(), toy_drafter(drafter, length), {});
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        CAPTURE(seed);
        same(run(alone, ask(seed, temperature)), run(speculating, ask(seed, temperature)));
    }
    CHECK(speculating.planner()->report().drafters.front().alive);
}

TEST_CASE("a perfect drafter is accepted to the last token, a bad one is not") {
    scheduler perfect(toy_model(), toy_drafter("{}", 4), {});
    scheduler bad(toy_model(), toy_drafter(R"({"disturb":1})", 4), {});
    const auto good = run(perfect, ask(1, 1, 41)).outcome.stats;
    CHECK(good.accepted == good.drafted);
    CHECK(good.rounds == 9); // 8 rounds of 4 + 1, then the last token
    CHECK(good.bonus == 8);
    const auto poor = run(bad, ask(1, 1, 41)).outcome.stats;
    CHECK(poor.acceptance() < 0.5);
}

TEST_CASE("speculation off in a request drafts nothing") {
    scheduler speculating(toy_model(), toy_drafter("{}"), {});
    auto request = ask(3, 1);
    request.speculate = false;
    const auto off = run(speculating, request);
    CHECK(off.outcome.stats.drafted == 0);
    same(off, run(speculating, ask(3, 1)));
}

TEST_CASE("a target that cannot take tokens back answers plainly, without drafts and without reuse") {
    scheduler alone(toy_model(), nullptr, {});
    scheduler fixed(toy_model(R"({"truncates":false,"slots":2})"), toy_drafter("{}"), {.queue = 100});
    CHECK(fixed.planner() == nullptr);
    std::vector<std::shared_ptr<collected>> sinks;
    for (std::uint64_t i = 0; i < 12; ++i) {
        sinks.push_back(std::make_shared<collected>());
        REQUIRE(fixed.submit(ask(i % 4, 1), sinks.back()).has_value());
    }
    for (std::uint64_t i = 0; i < 12; ++i) {
        auto outcome = sinks[i]->result.get();
        CHECK(outcome.stats.drafted == 0);
        CHECK(outcome.cached_tokens == 0);
        same(run(alone, ask(i % 4, 1)), {sinks[i]->all, std::move(outcome)});
    }
}

TEST_CASE("penalties see drafted and verified tokens alike") {
    scheduler alone(toy_model(), nullptr, {});
    scheduler speculating(toy_model(), toy_drafter(R"({"disturb":0.3})", 5), {});
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        auto request = ask(seed, 0.8F, 80);
        request.sampling.repeat_penalty = 1.3F;
        request.sampling.frequency_penalty = 0.4F;
        request.sampling.presence_penalty = 0.2F;
        request.sampling.top_k = 12;
        same(run(alone, request), run(speculating, request));
    }
}

TEST_CASE("an answer does not depend on who else is served") {
    const bool own_passes = GENERATE(false, true); // where the engine's bits depend on the neighbours in a pass
    scheduler alone(toy_model(R"({"slots":1})"), nullptr, {});
    scheduler_options options{.queue = 100};
    if (own_passes) {
        options.most_rows = 32;
        options.one_sequence = true;
    }
    scheduler crowd(toy_model(own_passes ? R"({"slots":4,"beside":true})" : R"({"slots":4})"),
                    toy_drafter(R"({"slots":4,"disturb":0.3})"), options);
    for (int repetition = 0; repetition < 5; ++repetition) {
        std::vector<std::shared_ptr<collected>> sinks;
        const auto nth = [](std::uint64_t i) {
            auto request = ask(i, i % 3 == 0 ? 0.0F : 1.0F, 5 + static_cast<std::int32_t>(i * 7 % 90));
            request.speculate = i % 5 != 0;
            request.prompt.resize(4 + i % 3 * 70, 9); // some prompts need several chunks
            return request;
        };
        for (std::uint64_t i = 0; i < 50; ++i) {
            sinks.push_back(std::make_shared<collected>());
            REQUIRE(crowd.submit(nth(i), sinks.back()).has_value());
        }
        for (std::uint64_t i = 0; i < 50; ++i) {
            CAPTURE(i);
            auto outcome = sinks[i]->result.get();
            same(run(alone, nth(i)), {sinks[i]->all, std::move(outcome)});
        }
    }
}
