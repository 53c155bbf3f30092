// What an ended answer leaves in the cache serves the next prompt that begins alike, and changes no byte.
#include <catch2/catch_test_macros.hpp>

#include "harness.hpp"

using namespace tw;

namespace {

sequence_request say(token_ids prompt, std::int32_t max_tokens = 20) {
    auto request = ask(1, 1, max_tokens);
    request.prompt = std::move(prompt);
    return request;
}

token_ids text(std::int32_t first, std::size_t length) {
    token_ids out{0};
    for (std::size_t i = 1; i < length; ++i) out.push_back(2 + (first + static_cast<std::int32_t>(i * i)) % 26);
    return out;
}

token_ids then(token_ids begin, const token_ids& more) {
    begin.insert(begin.end(), more.begin(), more.end());
    return begin;
}

} // namespace

TEST_CASE("the next turn of a conversation reuses all that was said") {
    scheduler warm(toy_model(), toy_drafter(R"({"disturb":0.3})"), {});
    scheduler cold(toy_model(), nullptr, {.reuse_prefix = false});
    auto conversation = text(1, 40);
    std::int64_t cached = 0;
    for (std::int32_t turn = 0; turn < 5; ++turn) {
        const auto got = run(warm, say(conversation)).outcome;
        const auto expected = run(cold, say(conversation)).outcome;
        CHECK(got.tokens == expected.tokens);
        CHECK(got.logits_digests == expected.logits_digests);
        CHECK(expected.cached_tokens == 0);
        if (turn > 0) CHECK(got.cached_tokens == cached);
        cached = static_cast<std::int64_t>(conversation.size() + got.tokens.size()) - 1;
        conversation = then(then(conversation, got.tokens), text(turn + 7, 9));
    }
    CHECK(warm.state().cached_tokens > 0);
}

TEST_CASE("the same prompt again leaves one token to decode") {
    scheduler warm(toy_model(), nullptr, {});
    const auto first = run(warm, say(text(1, 50))).outcome;
    const auto second = run(warm, say(text(1, 50))).outcome;
    CHECK(first.tokens == second.tokens);
    CHECK(second.cached_tokens == 49);
}

TEST_CASE("a short prompt asked again is not read again, however long its answer was") {
    scheduler warm(toy_model(), nullptr, {});
    auto request = say(text(1, 20), 150);
    request.sampling.logit_bias = {{1, -100.0F}};
    CHECK(run(warm, request).outcome.completion_tokens == 150);
    CHECK(run(warm, request).outcome.cached_tokens == 19);
}

TEST_CASE("a prompt that differs half way reuses the half") {
    scheduler warm(toy_model(), nullptr, {});
    scheduler cold(toy_model(), nullptr, {.reuse_prefix = false});
    const auto begin = text(1, 30);
    run(warm, say(then(begin, text(3, 20)), 8));
    const auto other = say(then(begin, text(9, 20)));
    const auto got = run(warm, other).outcome;
    CHECK(got.cached_tokens >= 30);
    CHECK(got.cached_tokens < 40);
    CHECK(got.tokens == run(cold, other).outcome.tokens);
}

TEST_CASE("two chats that share a system prompt keep a slot each while there are slots") {
    scheduler warm(toy_model(), nullptr, {});
    const auto system = text(1, 20);
    auto long_chat = then(system, text(3, 90)), short_chat = then(system, text(9, 15));
    std::int64_t long_held = 0, short_held = 0;
    for (std::int32_t turn = 0; turn < 4; ++turn) {
        const auto a = run(warm, say(long_chat, 6)).outcome;
        const auto b = run(warm, say(short_chat, 6)).outcome;
        CHECK(a.cached_tokens == long_held);
        CHECK(b.cached_tokens == short_held);
        long_chat = then(then(long_chat, a.tokens), text(turn + 7, 4));
        short_chat = then(then(short_chat, b.tokens), text(turn + 13, 4));
        long_held = static_cast<std::int64_t>(long_chat.size()) - 5;
        short_held = static_cast<std::int64_t>(short_chat.size()) - 5;
    }
}

TEST_CASE("when all slots hold something, the system prompt of the oldest is reused and the newer chats stay") {
    scheduler two(toy_model(R"({"slots":2})"), nullptr, {});
    const auto system = text(1, 20);
    const auto a = then(system, text(3, 90)), b = then(system, text(9, 90)), c = then(system, text(15, 90));
    run(two, say(a, 6));
    run(two, say(b, 6));
    const auto third = run(two, say(c, 6)).outcome;
    CHECK(third.cached_tokens >= 20);
    CHECK(third.cached_tokens < 25);
    CHECK(run(two, say(b, 6)).outcome.cached_tokens == static_cast<std::int64_t>(b.size()) - 1);
}

TEST_CASE("the least recently used conversation is forgotten first") {
    scheduler two(toy_model(R"({"slots":2})"), nullptr, {});
    const auto a = text(1, 40), b = text(11, 40), c = text(19, 40);
    run(two, say(a));
    run(two, say(b));
    CHECK(run(two, say(a)).outcome.cached_tokens == 39);
    run(two, say(c)); // takes the place of b
    CHECK(run(two, say(a)).outcome.cached_tokens == 39);
    CHECK(run(two, say(b)).outcome.cached_tokens == 0);
}

TEST_CASE("what was drafted behind a stop string is not left in the cache") {
    scheduler warm(toy_model(R"({"slots":1})"), toy_drafter("{}", 8), {});
    scheduler cold(toy_model(), nullptr, {.reuse_prefix = false});
    auto letters = say(text(1, 30), 40);
    letters.sampling.logit_bias = {{1, -100.0F}, {29, -100.0F}, {30, -100.0F}, {31, -100.0F}};
    const auto whole = run(cold, letters).text;
    for (std::size_t at = 2; at < 20; ++at) {
        letters.stop = {whole.substr(at, 2)};
        const auto stopped = run(warm, letters).outcome;
        REQUIRE(stopped.reason == finish_reason::stop);
        const auto more = say(then(then(letters.prompt, stopped.tokens), text(5, 6)));
        const auto got = run(warm, more).outcome, expected = run(cold, more).outcome;
        CHECK(got.cached_tokens == static_cast<std::int64_t>(letters.prompt.size() + stopped.tokens.size()) - 1);
        CHECK(got.tokens == expected.tokens);
        CHECK(got.logits_digests == expected.logits_digests);
    }
}

TEST_CASE("after a failed pass nothing of it is reused") {
    scheduler fragile(toy_model(R"({"fail_at":5,"slots":1})"), nullptr, {});
    scheduler cold(toy_model(), nullptr, {.reuse_prefix = false});
    CHECK(run(fragile, say(text(1, 40))).outcome.reason == finish_reason::failed);
    const auto again = run(fragile, say(text(1, 40))).outcome;
    CHECK(again.cached_tokens == 0);
    CHECK(again.tokens == run(cold, say(text(1, 40))).outcome.tokens);
}

TEST_CASE("answers in distant slots are the same as alone") {
    scheduler alone(toy_model(), nullptr, {.reuse_prefix = false});
    scheduler four(toy_model(R"({"slots":4})"), toy_drafter(R"({"slots":4,"disturb":0.2})"), {.queue = 100});
    // Conversations that come back to their slots while the neighbours idle, in every combination.
    std::vector<token_ids> conversations{text(1, 30), text(5, 30), text(9, 30), text(13, 30)};
    for (unsigned together = 1; together < 16; ++together) {
        std::vector<std::pair<std::size_t, std::shared_ptr<collected>>> sinks;
        for (std::size_t i = 0; i < 4; ++i) {
            if ((together >> i & 1U) == 0) continue;
            sinks.emplace_back(i, std::make_shared<collected>());
            REQUIRE(four.submit(say(conversations[i], 12), sinks.back().second).has_value());
        }
        for (const auto& [i, sink] : sinks) {
            const auto got = sink->result.get();
            CHECK(got.tokens == run(alone, say(conversations[i], 12)).outcome.tokens);
            conversations[i] = then(conversations[i], got.tokens);
            if (conversations[i].size() > 200) conversations[i].resize(30);
        }
    }
}
