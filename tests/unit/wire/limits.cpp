// What is too much is refused by both ends, with the kind, the field and the number.
#include <limits>

#include <catch2/catch_test_macros.hpp>

#include "wire/frame.hpp"

using namespace tw;
using namespace tw::wire;

namespace {

using namespace std::string_literals;

std::string not_read(const std::string& bytes) {
    const auto got = decode(bytes);
    return got ? "it was read" : got.error().message;
}

std::string not_sent(const message& body, std::uint32_t channel = 1) {
    const auto got = encode(channel, body);
    return got ? "it was sent" : got.error().message;
}

} // namespace

TEST_CASE("a malformed frame is refused in words") {
    CHECK(not_read("") == "A frame is empty; its first byte says its kind.");
    CHECK(not_read("\x7F\x01"s) == "A frame is of kind 0x7f, which this version does not know.");
    CHECK(not_read("\x13\x01\x05\x02\x03\xAA\xBB"s) == R"(A frame of kind draft_batch ends after 7 bytes, inside "prefix".)");
    CHECK(not_read("\x12\x01\x05XYZ"s) == "A frame of kind draft_close has 3 bytes too many at its end.");
    CHECK(not_read("\x12\x01\x85\x00"s) == R"(A frame of kind draft_close holds a malformed number in "sequence".)");
    CHECK(not_read("\x12\x01"s + std::string(9, '\xFF') + "\x02") ==
          R"(A frame of kind draft_close holds a malformed number in "sequence".)");
    CHECK(not_read("\x05\x01\x01x\x02"s) == R"(A frame of kind open_channel holds 2 in "role"; at most 1 is allowed.)");
    CHECK(not_read("\x23\x01\x01\x00\x00\x00\x00\x00"s) ==
          R"(A frame of kind refused holds 0 in "code", which means nothing here.)");
    CHECK(not_read("\x14\x01\x01\x01\x02\x00"s) ==
          R"(A frame of kind draft_audit holds 2 in "flags", which means nothing here.)");
    CHECK(not_read("\x16\x01\x02\n\n"s) ==
          R"(A frame of kind drafter_failed holds control characters or malformed UTF-8 in "why".)");
    CHECK(not_read("\x16\x01\x81\x20"s) == R"(A frame of kind drafter_failed holds 4097 in "why"; at most 4096 is allowed.)");
    CHECK(not_read("\x13\x01\x01\x01\x01"s + std::string(4, '\0') + "\x02\x00\x00\xC0\x7F\x00"s) ==
          R"(A frame of kind draft_batch holds a time in "seconds" that is negative or not finite.)");
    CHECK(not_read("\x13\x01\x01\x01\x01"s + std::string(4, '\0') + "\x02\x00\x00\x00\x00\x00"s) ==
          "A frame of kind draft_batch says how long it took and that it took no time.");
}

TEST_CASE("a question of no known kind is refused, and tokens without their pieces") {
    CHECK(not_read("\x29\x01\x01\x04"s) == R"(A frame of kind ask holds 4 in "what"; at most 3 is allowed.)");
    CHECK(not_read("\x29\x01\x01\x00\x04\x00"s) == R"(A frame of kind ask holds 4 in "flags", which means nothing here.)");
    CHECK(not_read("\x29\x01\x01\x00\x01\x01\xE8"s) == R"(A frame of kind ask holds malformed UTF-8 in "text".)");
    CHECK(not_read("\x29\x01\x01\x01\x05\x01"s) == R"(A frame of kind ask ends after 6 bytes, inside "tokens".)");
    CHECK(not_read("\x2A\x01\x01\x00\x01\x05\x00"s) == "A frame of kind found has other numbers of tokens and of pieces.");
    CHECK(not_sent(found{1, token_list{{5}, {}}}) ==
          "A frame of kind found cannot be sent: it has other numbers of tokens and of pieces.");
    CHECK(not_sent(found{1, token_count{-1}}) ==
          R"(A frame of kind found cannot be sent: "tokens" is negative or over its limit of 9223372036854775807.)");
    CHECK(not_sent(ask{1, tokenize_question{std::string(max_frame_bytes, 'x')}}).find("over the limit of 8388608") != std::string::npos);
}

TEST_CASE("a count of more than the frame can hold takes no memory") {
    CHECK(not_read("\x14\x01\x01\x01\x00\xFF\xFF\x3F"s) == R"(A frame of kind draft_audit ends after 8 bytes, inside "entries".)");
    CHECK(not_read("\x14\x01\x01\x01\x00\x81\x80\x40"s) ==
          R"(A frame of kind draft_audit holds 1048577 in "entries"; at most 1048576 is allowed.)");
}

TEST_CASE("a token id is never negative") {
    CHECK(not_read("\x11\x01\x01\x01\x01"s + std::string(4 + 1 + 1 + 1 + 1, '\0') + "\x01\x80\x80\x80\x80\x08"s) ==
          R"(A frame of kind draft_order holds 2147483648 in "tail"; at most 2147483647 is allowed.)");
    CHECK(not_sent(draft_order{.sequence = 1, .tail = {-1}}) ==
          R"(A frame of kind draft_order cannot be sent: "tail" is negative or over its limit of 2147483647.)");
    CHECK_FALSE(encode(1, draft_batch{.tokens = {{-1, 7}}}).has_value());
    CHECK_FALSE(encode(1, draft_open{.sequence = 1, .sampling = {.logit_bias = {{-1, 0}}}, .prompt = {}}).has_value());
}

TEST_CASE("an answer that failed says why, and no round accepts more than was drafted") {
    generation_result result;
    result.reason = finish_reason::failed;
    CHECK(not_sent(done{1, result}) == "A frame of kind done cannot be sent: it says that the answer failed and not why.");
    CHECK(not_read("\x22\x01\x01\x03\x00"s + std::string(8, '\0')) ==
          "A frame of kind done says that the answer failed and not why.");
    result.reason = finish_reason::stop;
    result.rounds = {{.draft = {1, 2}, .accepted = 3}};
    CHECK(not_sent(done{1, result}) == R"(A frame of kind done cannot be sent: "rounds" is negative or over its limit of 2.)");
}

TEST_CASE("a log probability is a number, and not beside more tokens than anybody asks for") {
    token_likelihood one;
    one.chosen.logprob = std::numeric_limits<double>::quiet_NaN();
    CHECK(not_sent(likelihoods{1, {one}}) ==
          "A frame of kind likelihoods cannot be sent: it has a log probability that is no number.");
    CHECK(not_read("\x28\x01\x01\x01\x05\x00"s + std::string(6, '\0') + "\xF8\x7F\x00"s) ==
          "A frame of kind likelihoods has a log probability that is no number.");
    one.chosen.logprob = -std::numeric_limits<double>::infinity();
    CHECK(encode(1, likelihoods{1, {one}}).has_value());
    one.top.resize(max_top_tokens + 1);
    CHECK(not_sent(likelihoods{1, {one}}) ==
          R"(A frame of kind likelihoods cannot be sent: "top" is negative or over its limit of 128.)");
}

TEST_CASE("the connection's frames and the channels' are told apart") {
    CHECK(not_read("\x12\x00\x05"s) == "A frame of kind draft_close names channel 0; it belongs to a channel from 1 on.");
    CHECK(not_read("\x02\x05"s + std::string(8, '\0')) ==
          "A frame of kind ping names channel 5; it belongs to the connection, channel 0.");
    CHECK(not_sent(draft_lost{1}, 0) == "A frame of kind draft_lost names channel 0; it belongs to a channel from 1 on.");
    CHECK_FALSE(encode(5, ping{1}).has_value());
}

TEST_CASE("what the other end would refuse is not sent") {
    const auto over = [](const char* kind, const char* field, std::size_t most) {
        return "A frame of kind "s + kind + " cannot be sent: \"" + field + "\" is negative or over its limit of " +
               std::to_string(most) + '.';
    };
    CHECK(not_sent(open_channel{std::string(max_name_bytes + 1, 'x')}) == over("open_channel", "engine", max_name_bytes));
    CHECK(not_sent(hello{.engines = std::vector<served_engine>(max_engines + 1)}, 0) == over("hello", "engines", max_engines));
    CHECK(not_sent(draft_batch{.tokens = std::vector<proposal>(max_draft_tokens + 1)}) ==
          over("draft_batch", "tokens", max_draft_tokens));
    submit request{.request = 1, .what = {}};
    request.what.stop.resize(max_stop_strings + 1);
    CHECK(not_sent(request) == over("submit", "stop", max_stop_strings));
    request.what.stop = {std::string(max_stop_bytes + 1, 'x')};
    CHECK(not_sent(request) == over("submit", "stop", max_stop_bytes));
    CHECK(not_sent(piece{.request = 1, .text = std::string(max_piece_bytes + 1, 'x')}) ==
          over("piece", "text", max_piece_bytes));
    request.what.stop.clear();
    request.what.input = std::vector<chat_message>(max_messages + 1);
    CHECK(not_sent(request) == over("submit", "messages", max_messages));
    request.what.input = std::vector<chat_message>{{std::string(max_role_bytes + 1, 'x'), ""}};
    CHECK(not_sent(request) == over("submit", "role", max_role_bytes));
    CHECK(not_sent(open_channel{"x", role::target, std::vector<draft_way>(max_drafts + 1)}) ==
          over("open_channel", "drafts", max_drafts));
    CHECK(not_sent(status_is{std::string(max_status_bytes + 1, ' ')}) == over("status_is", "json", max_status_bytes));
    CHECK(not_sent(draft_open{.sequence = 1, .sampling = {}, .prompt = token_ids(max_list_tokens + 1)}) ==
          over("draft_open", "prompt", max_list_tokens));
    CHECK(not_sent(draft_batch{.tokens = {}, .seconds = -1}) ==
          R"(A frame of kind draft_batch cannot be sent: the time in "seconds" is negative or not finite.)");
}

TEST_CASE("a frame of more than the limit is neither sent nor looked at") {
    submit request{.request = 1, .what = {}};
    request.what.input = token_ids(max_list_tokens, 0x7FFFFFFF);
    CHECK(encode(1, request).has_value());
    request.what.prediction.assign(4U << 20U, 'x');
    CHECK(not_sent(request).find("over the limit of 8388608") != std::string::npos);
    CHECK(not_read(std::string(max_frame_bytes + 1, '\x20')) == "A frame has 8388609 bytes; at most 8388608 are taken.");
}
