// The format does not drift, and a round stays small.
#include <catch2/catch_test_macros.hpp>

#include "wire/frame.hpp"

using namespace tw;
using namespace tw::wire;

namespace {

std::string hex(std::string_view bytes) {
    constexpr const char* digits = "0123456789abcdef";
    std::string out;
    for (const auto c : bytes) {
        out += digits[static_cast<unsigned char>(c) >> 4U];
        out += digits[static_cast<unsigned char>(c) & 15U];
    }
    return out;
}

draft_order order(std::uint64_t sequence, std::uint32_t epoch, std::uint32_t base) {
    return {.sequence = sequence, .epoch = epoch, .base = base, .prefix = 0x76543210U,
            .tail = {151000, 151001, 151002, 151003, 151004}, .want = 16, .floor = 0.05F,
            .chance = std::array<float, grades>{0, 0.2F, 0.4F, 0.6F, 0.8F, 1, 1, 1}, .stream = true, .group = 4,
            .branches = false, .audit = false};
}

draft_batch batch(std::uint64_t sequence, std::uint32_t epoch, std::uint32_t base) {
    return {.sequence = sequence, .epoch = epoch, .base = base, .prefix = 0x76543210U,
            .tokens = {{151000, 7}, {151001, 6}, {151002, 0}, {151003, 3}, {151004, 1}}, .complete = true, .seconds = 0.0125F};
}

// What a drafter sends for a likely correction.
draft_batch branch() {
    return {.sequence = 1234, .epoch = 400, .base = 2100, .prefix = 0x76543210U,
            .tokens = {{151000, 7}, {151001, 6}, {151002, 0}, {151003, 3}}, .complete = false, .seconds = 0};
}

std::size_t round_bytes(std::uint64_t sequence, std::uint32_t epoch, std::uint32_t base) {
    return encode(1, order(sequence, epoch, base))->size() + encode(1, batch(sequence, epoch, base))->size();
}

} // namespace

TEST_CASE("a round of five tokens is two frames of less than 100 bytes, their WebSocket headers included") {
    constexpr std::size_t headers = 6 + 2; // masked one way
    CHECK(round_bytes(1234, 400, 2100) == 73);
    CHECK(round_bytes(1234, 400, 2100) + encode(1, branch())->size() == 99);
    CHECK(round_bytes(1'000'000, 100'000, 130'000) + headers == 87);
}

TEST_CASE("golden bytes of an order") {
    CHECK(hex(*encode(3, order(300, 5, 2100))) ==
          "11" "03" "ac02" "05" "b410" "10325476"         // kind, channel, sequence, epoch, base, prefix
          "09" "10" "04" "0d" "00336699ccffffff" // flags, want, group, floor, chance
          "05" "d89b09" "d99b09" "da9b09" "db9b09" "dc9b09");
}

TEST_CASE("golden bytes of a batch") {
    CHECK(hex(*encode(3, batch(300, 5, 2100))) ==
          "13" "03" "ac02" "05" "b410" "10325476" "03" "cdcc4c3c"
          "05" "c7dd49" "cedd49" "d0dd49" "dbdd49" "e1dd49");
}

TEST_CASE("golden bytes of a hello") {
    const hello mine{.protocol = {3, 0}, .tightwad = "0.1", .machine = "den", .sampler = 1, .session = 2,
                     .engines = {{.name = "m", .drafter = true, .target = true, .vocabulary = "v", .identity = "i", .build = "b", .device = "d",
                                  .settings = "s", .n_vocab = 768,
                                  .n_ctx = 512, .slots = 2, .exactness = exactness_class::shape_class}}};
    CHECK(hex(*encode(0, mine)) == "01" "00" "03" "00" "03302e31" "0364656e" "01" "0200000000000000"
                                   "01" "016d" "03" "0176" "0169" "0162" "0164" "0173" "8006" "8004" "02" "01");
}

TEST_CASE("golden bytes of questions and of what is found") {
    CHECK(hex(*encode(3, ask{300, tokenize_question{.text = "ab", .special = true, .bos = false}})) == "29" "03" "ac02" "00" "01" "026162");
    CHECK(hex(*encode(3, ask{1, detokenize_question{{5, 300}}})) == "29" "03" "01" "01" "02" "05" "ac02");
    CHECK(hex(*encode(3, ask{1, properties_question{}})) == "29" "03" "01" "02");
    CHECK(hex(*encode(3, found{1, token_list{{5, 300}, {"a", "\xE8"}}})) == "2a" "03" "01" "00" "02" "05" "ac02" "02" "0161" "01e8");
    CHECK(hex(*encode(3, found{1, detokenized{"a"}})) == "2a" "03" "01" "01" "0161");
    CHECK(hex(*encode(3, found{1, model_properties{.context = 256, .slots = 4, .model = "m", .build = "b", .chat_template = "t",
                                                   .bos = "s", .embeds = false, .calls_tools = true}})) ==
          "2a" "03" "01" "02" "02" "8002" "04" "016d" "0162" "0173" "0174");
    CHECK(hex(*encode(3, found{1, token_count{300}})) == "2a" "03" "01" "03" "ac02");
}

TEST_CASE("every kind keeps its number") {
    const auto kind = [](const message& body, std::uint32_t channel = 1) {
        return hex(encode(channel, body)->substr(0, 1)) + ' ' + name(body);
    };
    CHECK(kind(hello{}, 0) == "01 hello");
    CHECK(kind(ping{}, 0) == "02 ping");
    CHECK(kind(pong{}, 0) == "03 pong");
    CHECK(kind(goodbye{}, 0) == "04 goodbye");
    CHECK(kind(open_channel{}) == "05 open_channel");
    CHECK(kind(channel_opened{}) == "06 channel_opened");
    CHECK(kind(channel_refused{}) == "07 channel_refused");
    CHECK(kind(channel_closed{}) == "08 channel_closed");
    CHECK(kind(draft_open{}) == "10 draft_open");
    CHECK(kind(draft_order{}) == "11 draft_order");
    CHECK(kind(draft_close{}) == "12 draft_close");
    CHECK(kind(draft_batch{}) == "13 draft_batch");
    CHECK(kind(draft_audit{}) == "14 draft_audit");
    CHECK(kind(draft_lost{}) == "15 draft_lost");
    CHECK(kind(drafter_failed{}) == "16 drafter_failed");
    CHECK(kind(submit{}) == "20 submit");
    CHECK(kind(piece{}) == "21 piece");
    CHECK(kind(done{}) == "22 done");
    CHECK(kind(refused{}) == "23 refused");
    CHECK(kind(cancel{}) == "24 cancel");
    CHECK(kind(ask_status{}) == "25 ask_status");
    CHECK(kind(status_is{}) == "26 status_is");
    CHECK(kind(call_piece{}) == "27 call_piece");
    CHECK(kind(likelihoods{}) == "28 likelihoods");
    CHECK(kind(ask{}) == "29 ask");
    CHECK(kind(found{}) == "2a found");
}
