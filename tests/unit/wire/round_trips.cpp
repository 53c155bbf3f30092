// Every message arrives as it was sent, to the last bit of the last field.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>

#include <catch2/catch_test_macros.hpp>

#include "unit/wire/random_messages.hpp"

using namespace tw;
using namespace tw::wire;

namespace {

template <class Message> Message again(const Message& sent, std::uint32_t channel = 1) {
    const auto bytes = encode(channel, sent);
    REQUIRE(bytes.has_value());
    auto got = decode(*bytes);
    REQUIRE(got.has_value());
    CHECK(got->channel == channel);
    return std::get<Message>(std::move(got->body));
}

} // namespace

TEST_CASE("every message with any values arrives as it was sent") {
    test::random_source random(1);
    for (std::size_t index = 0; index < std::variant_size_v<message>; ++index)
        for (int i = 0; i < 300; ++i) {
            const auto sent = random.make_any(index);
            const bool of_connection = index < 4;
            const auto channel = of_connection ? 0 : static_cast<std::uint32_t>(1 + random.bits() % 0xFFFFFFFFU);
            CAPTURE(name(sent), i);
            const auto bytes = encode(channel, sent);
            REQUIRE(bytes.has_value());
            const auto got = decode(*bytes);
            REQUIRE(got.has_value());
            REQUIRE(got->channel == channel);
            REQUIRE(got->body.index() == index);
            std::visit([&](const auto& m) {
                REQUIRE(test::same(m, std::get<std::remove_cvref_t<decltype(m)>>(got->body)));
            }, sent);
            REQUIRE(encode(channel, got->body).value() == *bytes);
        }
}

TEST_CASE("floats of the sampling arrive bit by bit") {
    draft_open open;
    open.sampling.temperature = -0.0F;
    open.sampling.top_p = std::bit_cast<float>(0x7FA00001U); // a signalling NaN
    open.sampling.min_p = std::numeric_limits<float>::denorm_min();
    open.sampling.repeat_last_n = -1;
    open.sampling.logit_bias = {{7, -std::numeric_limits<float>::infinity()}, {7, 0.1F}};
    CHECK(test::same(again(open), open));
}

TEST_CASE("chances arrive within half of 1/255, and none are sent where none are said") {
    draft_order order{.sequence = 1};
    const auto bare = encode(1, order)->size();
    CHECK_FALSE(again(order).chance.has_value());
    for (const float chance : {0.001F, 0.1F, 0.5F, 0.999F}) {
        order.chance.emplace().fill(chance);
        CHECK(std::abs(again(order).chance.value()[3] - chance) < 0.00197F);
    }
    CHECK(encode(1, order)->size() == bare + grades);
    order.chance = std::array<float, grades>{-1, 2, std::numeric_limits<float>::quiet_NaN(), 0, 0, 0, 0, 0};
    CHECK(again(order).chance == std::array<float, grades>{0, 1, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("a piece of text may hold any bytes, half a character too") {
    const std::string text("\0\xE8\xAA\r\n\xFF", 6);
    CHECK(again(piece{.request = 3, .text = text}).text == text);
}

TEST_CASE("a request arrives whole, whichever form its prompt has") {
    generation_request asked{.input = std::vector<chat_message>{{"user", "line\nline \x01 é"}}, .sampling = {},
                             .max_tokens = 7, .stop = {"\xFF"}, .prediction = "as\nexpected"};
    const auto chat = again(submit{1, asked}).what;
    CHECK(std::get<0>(chat.input).front().content == "line\nline \x01 é");
    CHECK(chat.prediction == asked.prediction);
    asked.input = "text\n";
    CHECK(std::get<1>(again(submit{1, asked}).what.input) == "text\n");
    asked.input = token_ids{5, 6};
    asked.max_tokens.reset();
    CHECK(std::get<2>(again(submit{1, asked}).what.input) == token_ids{5, 6});
    CHECK_FALSE(again(submit{1, asked}).what.max_tokens.has_value());
    asked.input = "half a character \xE8\xAA";
    CHECK(std::get<1>(again(submit{1, asked}).what.input) == "half a character \xEF\xBF\xBD");
}

TEST_CASE("a chat that is counted arrives as one that is answered, its tools and calls too") {
    generation_request asked;
    asked.input = std::vector<chat_message>{{"user", "x"}, {"assistant", "", {{"c0", "f", "{}"}}}, {"tool", "ok", {}, "c0", "f"}};
    asked.tools = {R"([{"type":"function","function":{"name":"f"}}])", true, false};
    const auto got = std::get<count_question>(again(ask{1, count_question{asked}}).what).request;
    CHECK(test::same(got, again(submit{1, asked}).what));
    CHECK(test::same(got, asked));
}

TEST_CASE("questions and findings move between their own types and frames, but those that no target is asked") {
    CHECK(std::get<count_question>(narrow<target_question>(question(count_question{})).value()).request.tools.functions.empty());
    CHECK(std::get<tokenize_question>(widen<question>(target_question(tokenize_question{"a"}))).text == "a");
    CHECK_FALSE(narrow<target_question>(question(embed_question{{"a"}})).has_value());
    CHECK_FALSE(narrow<target_question>(question(rerank_question{"a", {"b"}})).has_value());
    CHECK(std::get<token_count>(widen<finding>(target_finding(token_count{7}))).tokens == 7);
    CHECK_FALSE(narrow<target_finding>(finding(ranking{})).has_value());
}

TEST_CASE("what people read comes without control characters and not longer than a page") {
    CHECK(again(goodbye{"a\nforged=line \x1B[2J\xFF"}, 0).why == "a forged=line  [2J\xEF\xBF\xBD");
    const auto why = again(drafter_failed{std::string(3, 'x') + std::string(10'000, 'y') + "é"}).why;
    CHECK(why == std::string(3, 'x') + std::string(max_sentence_bytes - 3, 'y'));
    CHECK(again(refused{1, {.code = code::busy, .message = "Full.", .retry_after = std::chrono::hours(1000)}})
              .why.retry_after == std::chrono::hours(24));
}

TEST_CASE("drafting messages move between their own types and frames") {
    CHECK(std::get<draft_close>(narrow<drafter_message>(as_message(drafter_message(draft_close{7}))).value()).sequence == 7);
    CHECK(std::get<draft_lost>(narrow<drafter_reply>(as_message(drafter_reply(draft_lost{7}))).value()).sequence == 7);
    CHECK_FALSE(narrow<drafter_reply>(as_message(drafter_message(draft_close{7}))).has_value());
}

TEST_CASE("the frames that fuzzing starts from are frames, of every kind") {
    std::set<std::size_t> kinds;
    for (const auto& entry : std::filesystem::directory_iterator(TW_SOURCE_DIR "/tests/fuzz/corpus/wire")) {
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        const auto name = entry.path().filename().string();
        if (name.starts_with("unknown")) continue;
        CAPTURE(name);
        const auto got = decode(bytes);
        CHECK(got.has_value());
        if (got) kinds.insert(got->body.index());
    }
    CHECK(kinds.size() == std::variant_size_v<message>);
}
