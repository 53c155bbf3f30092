// Answers that follow a grammar: always, with speculation and without, and the same ones.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "harness.hpp"

using namespace tw;

namespace {

sequence_request constrained(std::uint64_t seed, float temperature, const std::string& sets) {
    auto request = ask(seed, temperature, 40);
    request.sampling.grammar = R"({"gbnf":")" + sets + "\"}";
    return request;
}

} // namespace

TEST_CASE("an answer under a grammar is the same whatever drafts for it, and follows it") {
    const auto temperature = GENERATE(0.0F, 0.8F, 1.0F);
    const auto drafter = GENERATE("{}", R"({"disturb":0.3})", R"({"disturb":1})");
    const auto top_k = GENERATE(0, 3);
    scheduler alone(toy_model(), nullptr, {});
    scheduler speculating(toy_model(), toy_drafter(drafter, 5), {});
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        CAPTURE(seed, temperature, drafter, top_k);
        auto request = constrained(seed, temperature, "abc xyz mn *");
        request.sampling.top_k = top_k;
        request.sampling.top_p = top_k == 0 ? 1.0F : 0.9F;
        const auto a = run(alone, request), b = run(speculating, request);
        REQUIRE(a.outcome.tokens == b.outcome.tokens);
        REQUIRE(a.text == b.text);
        REQUIRE(a.outcome.reason == b.outcome.reason);
        REQUIRE_FALSE(a.text.empty());
        const std::string sets[] = {"abc", "xyz", "mn"};
        for (std::size_t i = 0; i < a.text.size(); ++i) REQUIRE(sets[i % 3].find(a.text[i]) != std::string::npos);
        if (a.outcome.reason == finish_reason::stop) REQUIRE(a.text.size() % 3 == 0);
    }
}

TEST_CASE("a drafter drafts under the grammar of the answer") {
    scheduler perfect(toy_model(), toy_drafter("{}", 4), {});
    const auto stats = run(perfect, constrained(1, 1, "abc xyz *")).outcome.stats;
    CHECK(stats.drafted > 0);
    CHECK(stats.accepted == stats.drafted);
}

TEST_CASE("an answer ends where its grammar does, and not before") {
    scheduler one(toy_model(R"({"eog":50})"), nullptr, {}); // the model would end at once
    const auto got = run(one, constrained(3, 1, "abc def ghi"));
    CHECK(got.text.size() == 3);
    CHECK(got.outcome.reason == finish_reason::stop);
    CHECK(got.outcome.tokens.size() == 4);
}

TEST_CASE("what cannot be a grammar is refused before anything runs; one that allows nothing fails the answer") {
    scheduler one(toy_model(), nullptr, {});
    auto sink = std::make_shared<collected>();
    const auto bad = one.submit(constrained(1, 1, "ab  c"), sink);
    REQUIRE_FALSE(bad.has_value());
    CHECK(bad.error().code == code::invalid_argument);
    CHECK(bad.error().param == "grammar");
    const auto stuck = run(one, constrained(1, 1, "abc !"));
    CHECK(stuck.outcome.reason == finish_reason::failed);
    REQUIRE(stuck.outcome.failure.has_value());
    CHECK(stuck.outcome.failure->message.find("grammar") != std::string::npos);
    CHECK(run(one, ask(1, 1)).outcome.reason != finish_reason::failed);
}

TEST_CASE("an engine without grammars says so") {
    auto host = std::make_unique<tw::plugin_host>("toy", std::map<std::string, tw::secret_ref>{});
    auto plain = tw::engine::create(toy::api(), "toy", std::move(host), "{}", [](float) { return true; });
    REQUIRE(plain.has_value());
    scheduler one(std::move(*plain), nullptr, {});
    const auto refused = one.submit(constrained(1, 1, "a b"), std::make_shared<collected>());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == code::unsupported);
}
