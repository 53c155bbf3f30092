// Drafters that agree are believed where that was asked for, counted as it is, and never otherwise.
#include "harness.hpp"

using namespace tw;

namespace {

using rule = consensus::rule;

// Two of them err alike: a model that is disturbed so much says the same as another one.
constexpr auto right = R"({})", wrong = R"({"disturb":0.6})", elsewhere = R"({"disturb":1.0})";

std::unique_ptr<draft_planner> drafters(const std::vector<std::string>& models, consensus believed, bool always = true) {
    std::vector<drafter_offer> offers;
    for (const auto& each : models)
        offers.push_back({"toy", [each](draft_inbox& inbox, std::size_t index) {
                              return std::make_unique<drafter_thread>(toy_model(each), inbox, index);
                          }});
    return std::make_unique<speculator>(std::move(offers), speculator_options{.most = 4, .always = always, .believed = believed});
}

answer asked(const std::vector<std::string>& models, consensus believed, std::uint64_t seed = 3, float temperature = 0.8F) {
    scheduler with(toy_model(), drafters(models, believed), {});
    return run(with, ask(seed, temperature));
}

answer alone(std::uint64_t seed = 3, float temperature = 0.8F) {
    scheduler with(toy_model(), nullptr, {});
    return run(with, ask(seed, temperature));
}

} // namespace

TEST_CASE("what all drafters agree on stands, and what of it is not the target's is counted") {
    const auto exact = alone();
    for (const auto each : {rule::strict, rule::any_disagree, rule::majority}) {
        INFO(name(each));
        const auto said = asked({wrong, wrong}, {each, 2});
        CHECK(said.outcome.approximate);
        CHECK(said.outcome.stats.agreed > 0);
        CHECK(said.outcome.stats.overruled > 0);
        CHECK(said.outcome.stats.overruled <= said.outcome.stats.agreed);
        CHECK(said.outcome.stats.accepted + said.outcome.stats.overruled <= said.outcome.stats.drafted);
        CHECK(said.text != exact.text);
    }
}

TEST_CASE("a lone survivor is no consensus") {
    for (const auto each : {rule::strict, rule::any_disagree, rule::majority}) {
        INFO(name(each));
        const auto said = asked({wrong}, {each, 2});
        CHECK(said.outcome.stats.agreed == 0);
        CHECK(said.text == alone().text);
    }
}

TEST_CASE("drafters that disagree are judged by the target") {
    for (std::uint64_t seed = 0; seed < 8; ++seed)
        for (const auto each : {rule::strict, rule::any_disagree, rule::majority}) {
            INFO(name(each) << ", seed " << seed);
            const auto said = asked({right, wrong}, {each, 2}, seed); // whatever both say is the target's
            CHECK(said.outcome.stats.overruled == 0);
            CHECK(said.text == alone(seed).text);
        }
}

TEST_CASE("a majority outvotes one, and one is enough to dispute it") {
    std::uint64_t outvoted = 0;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        outvoted += asked({wrong, wrong, right}, {rule::majority, 3}, seed).outcome.stats.overruled;
        for (const auto each : {rule::strict, rule::any_disagree}) {
            const auto said = asked({wrong, wrong, right}, {each, 3}, seed);
            CHECK(said.outcome.stats.overruled == 0);
            CHECK(said.text == alone(seed).text);
        }
    }
    CHECK(outvoted > 0);
}

TEST_CASE("two of three that are left agree without dispute, but not strictly") {
    CHECK(asked({wrong, wrong}, {rule::any_disagree, 3}).outcome.stats.overruled > 0);
    const auto said = asked({wrong, wrong}, {rule::strict, 3});
    CHECK(said.outcome.stats.agreed == 0);
    CHECK(said.text == alone().text);
}

TEST_CASE("who asks for the target alone, a grammar or a bias gets the target's answer") {
    const consensus believed{rule::strict, 2};
    for (int which = 0; which < 3; ++which) {
        auto request = ask(3, 0.8F);
        if (which == 0) request.speculate = false;
        if (which == 1) request.sampling.grammar = R"({"gbnf":"abc xyz mn *"})";
        if (which == 2) request.sampling.logit_bias = {{5, -2.0F}};
        scheduler with(toy_model(), drafters({wrong, wrong}, believed), {}), without(toy_model(), nullptr, {});
        const auto said = run(with, request), exact = run(without, request);
        INFO(which);
        CHECK_FALSE(said.outcome.approximate);
        CHECK(said.outcome.stats.agreed == 0);
        CHECK(said.text == exact.text);
    }
}

TEST_CASE("drafters are asked together, by measured cost, when they may agree") {
    const std::string slow = R"({"delay_us":3000})";
    auto planner = drafters({wrong, wrong}, {rule::strict, 2}, false);
    auto target = toy_model(slow);
    static_cast<speculator&>(*planner).calibrate(*target);
    scheduler with(std::move(target), std::move(planner), {});
    speculation_stats sum;
    for (std::uint64_t seed = 0; seed < 6; ++seed) sum += run(with, ask(seed, 0.8F)).outcome.stats;
    CHECK(sum.agreed > 60);
    CHECK(sum.overruled > 0);
    CHECK(sum.rounds < sum.tokens);
}
