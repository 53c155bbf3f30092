// What is sent arrives, a round is small, and no cut or changed frame does harm.
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "wire/draft_frames.hpp"

using namespace tw;
using wire::decode_message;
using wire::decode_reply;
using wire::encode;

namespace {

draft_open full_open() {
    draft_open out{.sequence = 300, .sampling = {}, .prompt = {1, 0, 151935, 7}};
    out.sampling = {.temperature = 0.7F, .top_k = 40, .top_p = 0.95F, .min_p = 0.05F, .repeat_penalty = 1.1F,
                    .repeat_last_n = -1, .presence_penalty = -0.5F, .frequency_penalty = 0.25F,
                    .logit_bias = {{2, -100.0F}, {31999, 0.5F}}, .seed = ~std::uint64_t{0}};
    return out;
}

draft_order usual_order() {
    return {.sequence = 1234, .epoch = 400, .base = 2100, .prefix = 0xfedcba9876543210U,
            .tail = {151000, 151001, 20000, 9, 151002}, .want = 16, .floor = 0.05F,
            .chance = {0, 0.2F, 0.4F, 0.6F, 0.8F, 1, 1, 1}, .stream = true, .audit = false};
}

draft_batch usual_batch() {
    return {.sequence = 1234, .epoch = 400, .base = 2100, .prefix = 0xfedcba9876543210U,
            .tokens = {{151000, 7}, {151001, 6}, {20000, 0}, {9, 3}, {151002, 1}}, .complete = true, .seconds = 0.0125F};
}

template <class Message> Message again(const Message& message) {
    const auto frame = encode(drafter_message(message));
    const auto got = decode_message(frame);
    REQUIRE(got.has_value());
    REQUIRE(encode(*got) == frame);
    return std::get<Message>(*got);
}

std::vector<std::string> every_frame() {
    return {encode(drafter_message(full_open())), encode(drafter_message(usual_order())),
            encode(drafter_message(draft_close{77})), encode(drafter_reply(usual_batch())),
            encode(drafter_reply(draft_audit{5, {{3, true}, {7, false}}, true})), encode(drafter_reply(draft_lost{9})),
            encode(drafter_reply(drafter_failed{"The disk is gone."}))};
}

} // namespace

TEST_CASE("messages to a drafter arrive as they were sent") {
    const auto open = again(full_open());
    CHECK(open.sequence == 300);
    CHECK(open.prompt == full_open().prompt);
    CHECK(open.sampling.temperature == 0.7F);
    CHECK(open.sampling.repeat_last_n == -1);
    CHECK(open.sampling.logit_bias == full_open().sampling.logit_bias);
    CHECK(open.sampling.seed == ~std::uint64_t{0});
    const auto order = again(usual_order());
    CHECK(order.prefix == usual_order().prefix);
    CHECK(order.tail == usual_order().tail);
    CHECK(order.floor == 0.05F);
    CHECK(order.stream);
    CHECK_FALSE(order.audit);
    for (std::size_t i = 0; i < grades; ++i) CHECK(std::abs(order.chance[i] - usual_order().chance[i]) < 0.002F);
    CHECK(again(draft_close{77}).sequence == 77);
}

TEST_CASE("replies of a drafter arrive as they were sent") {
    const auto got = decode_reply(encode(drafter_reply(usual_batch())));
    REQUIRE(got.has_value());
    const auto& batch = std::get<draft_batch>(*got);
    CHECK(batch.base == 2100);
    REQUIRE(batch.tokens.size() == 5);
    CHECK(batch.tokens[1].token == 151001);
    CHECK(batch.tokens[1].grade == 6);
    CHECK(batch.complete);
    CHECK(batch.seconds == 0.0125F);
    const auto audit = decode_reply(encode(drafter_reply(draft_audit{5, {{3, true}, {7, false}}, true})));
    REQUIRE(audit.has_value());
    CHECK(std::get<draft_audit>(*audit).entries[0].agreed);
    CHECK(std::get<draft_audit>(*audit).entries[1].grade == 7);
    const auto failed = decode_reply(encode(drafter_reply(drafter_failed{"The disk is gone."})));
    REQUIRE(failed.has_value());
    CHECK(std::get<drafter_failed>(*failed).why == "The disk is gone.");
}

TEST_CASE("a round of five tokens is an order and a batch of less than 100 bytes") {
    const auto bytes = encode(drafter_message(usual_order())).size() + encode(drafter_reply(usual_batch())).size();
    CAPTURE(bytes);
    CHECK(bytes <= 88); // what is left to 100 are the two frames' WebSocket headers
}

TEST_CASE("the format does not drift") {
    CHECK(encode(drafter_message(draft_close{300})) == std::string("\x12\xac\x02", 3));
    CHECK(encode(drafter_reply(draft_audit{5, {{3, true}}, true})) == std::string("\x19\x05\x01\x83\x01", 5));
}

TEST_CASE("a frame cut anywhere is refused in words") {
    for (const auto& frame : every_frame())
        for (std::size_t size = 0; size < frame.size(); ++size) {
            const auto cut = std::string_view(frame).substr(0, size);
            CHECK_FALSE(decode_message(cut).has_value());
            const auto reply = decode_reply(cut);
            CHECK_FALSE(reply.has_value());
            CHECK(reply.error().code == code::corrupt);
        }
}

TEST_CASE("a frame with any byte changed is read or refused") {
    for (const auto& frame : every_frame())
        for (std::size_t at = 0; at < frame.size(); ++at)
            for (const int change : {0x01, 0x80, 0xff}) {
                auto changed = frame;
                changed[at] = static_cast<char>(changed[at] ^ change);
                if (const auto got = decode_message(changed)) CHECK(decode_message(encode(*got)).has_value());
                if (const auto got = decode_reply(changed)) CHECK(decode_reply(encode(*got)).has_value());
            }
}

TEST_CASE("a list longer than its frame is refused before memory is taken for it") {
    // A batch that announces 2^40 tokens.
    std::string frame("\x18\x01\x01\x01", 4);
    frame += std::string(8, '\0') + "\x80\x80\x80\x80\x80\x20";
    const auto got = decode_reply(frame);
    REQUIRE_FALSE(got.has_value());
    CHECK(got.error().message ==
          "The frame draft_batch announces a list of 1099511627776 entries and has 0 bytes left.");
}

TEST_CASE("what cannot be is refused: a grade, a time, a trailing byte, another version's kind") {
    auto batch = usual_batch();
    batch.tokens[0].grade = 9;
    CHECK_FALSE(decode_reply(encode(drafter_reply(batch))).has_value());
    batch = usual_batch();
    batch.seconds = std::numeric_limits<float>::quiet_NaN();
    CHECK_FALSE(decode_reply(encode(drafter_reply(batch))).has_value());
    CHECK_FALSE(decode_message(encode(drafter_message(draft_close{1})) + "x").has_value());
    const auto unknown = decode_message("\x7f");
    REQUIRE_FALSE(unknown.has_value());
    CHECK(unknown.error().message.find("another version") != std::string::npos);
}
