// Log probabilities of answer and prompt: whoever drafted, wherever rounds fall, and whatever the cache holds.
#include <catch2/catch_test_macros.hpp>

#include "harness.hpp"

using namespace tw;

namespace {

struct likely final : generation_sink {
    collected rest;
    std::vector<token_likelihood> tokens;

    void text(std::string_view piece) override { rest.text(piece); }
    void likelihoods(std::vector<token_likelihood> some) override {
        tokens.insert(tokens.end(), some.begin(), some.end());
    }
    void done(generation_result outcome) override { rest.done(std::move(outcome)); }
};

struct told {
    std::string text;
    std::vector<token_likelihood> tokens;
    generation_result outcome;
};

told ask_likely(scheduler& of, sequence_request request) {
    auto sink = std::make_shared<likely>();
    REQUIRE(of.submit(std::move(request), sink).has_value());
    auto outcome = sink->rest.result.get();
    return {sink->rest.all, sink->tokens, std::move(outcome)};
}

sequence_request wanting(std::uint64_t seed, std::int32_t most, bool prompt = false) {
    auto request = ask(seed, 1, 40);
    request.sampling.logit_bias = {{1, -100.0F}};
    request.top_logprobs = most;
    request.prompt_logprobs = prompt;
    return request;
}

bool same(const std::vector<token_likelihood>& a, const std::vector<token_likelihood>& b) {
    const auto equal = [](const likely_token& x, const likely_token& y) {
        return x.token == y.token && x.logprob == y.logprob && x.bytes == y.bytes;
    };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](const auto& x, const auto& y) {
        return equal(x.chosen, y.chosen) && std::equal(x.top.begin(), x.top.end(), y.top.begin(), y.top.end(), equal);
    });
}

} // namespace

TEST_CASE("log probabilities come one a token, the same to the last bit with drafts and without") {
    scheduler alone(toy_model(), nullptr, {});
    scheduler speculating(toy_model(), toy_drafter(R"({"disturb":0.2})", 5), {});
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        const auto a = ask_likely(alone, wanting(seed, 3));
        const auto b = ask_likely(speculating, wanting(seed, 3));
        REQUIRE(a.tokens.size() == a.outcome.tokens.size());
        for (std::size_t i = 0; i < a.tokens.size(); ++i) {
            CHECK(a.tokens[i].chosen.token == a.outcome.tokens[i]);
            CHECK(a.tokens[i].chosen.logprob < 0);
            REQUIRE(a.tokens[i].top.size() == 3);
            CHECK(a.tokens[i].top[0].logprob >= a.tokens[i].top[1].logprob);
        }
        CHECK(same(a.tokens, b.tokens));
    }
    CHECK(ask_likely(alone, wanting(1, 0)).tokens.front().top.empty());
}

TEST_CASE("tokens that a stop string cut off bring no log probabilities") {
    scheduler alone(toy_model(), nullptr, {});
    auto request = wanting(7, 1);
    request.sampling.logit_bias = {{1, -100.0F}, {29, -100.0F}, {30, -100.0F}, {31, -100.0F}};
    const auto whole = ask_likely(alone, request);
    request.stop = {whole.text.substr(10, 3)};
    const auto cut = ask_likely(alone, request);
    std::string text;
    for (const auto& token : cut.tokens) text += token.chosen.bytes;
    CHECK(text == cut.text);
    CHECK(cut.tokens.size() < cut.outcome.tokens.size());
}

TEST_CASE("the prompt's log probabilities are those of its tokens as an answer, whatever the cache holds") {
    scheduler of(toy_model(), nullptr, {.prefill_rows = 8});
    const auto answered = ask_likely(of, wanting(3, 2));
    auto again = wanting(3, 2, true);
    again.prompt.insert(again.prompt.end(), answered.outcome.tokens.begin(), answered.outcome.tokens.end());
    for (int i = 0; i < 2; ++i) { // the second time its beginning is in the cache
        const auto read = ask_likely(of, again);
        const auto& prompt = read.outcome.prompt_logprobs;
        REQUIRE(prompt.size() == again.prompt.size());
        CHECK(prompt.front().top.empty());
        for (std::size_t k = 0; k < prompt.size(); ++k) CHECK(prompt[k].chosen.token == again.prompt[k]);
        const std::vector<token_likelihood> tail(prompt.end() - static_cast<std::ptrdiff_t>(answered.tokens.size()), prompt.end());
        CHECK(same(tail, answered.tokens));
        CHECK(read.outcome.cached_tokens == 0);
    }
}

TEST_CASE("beside a prompt's likelihoods the end of generation has one, too: as many as there are tokens") {
    scheduler alone(toy_model(R"({"eog":1000})"), nullptr, {});
    auto request = wanting(3, 1, true);
    request.sampling.logit_bias.clear();
    const auto whole = ask_likely(alone, request);
    REQUIRE(whole.outcome.reason == finish_reason::stop);
    REQUIRE(whole.outcome.tokens == token_ids{1});
    REQUIRE(whole.tokens.size() == 1);
    CHECK(whole.tokens[0].chosen.token == 1);
    CHECK(whole.tokens[0].chosen.bytes.empty());
    CHECK(whole.outcome.prompt_logprobs.size() == request.prompt.size());
    request.prompt_logprobs = false;
    CHECK(ask_likely(alone, request).tokens.empty());
}
