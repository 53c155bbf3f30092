// The text of an answer is the same whatever the split of its bytes, and never shows a stop string.
#include "scheduler/text_stream.hpp"

#include "base/text.hpp"

#include <catch2/catch_test_macros.hpp>

#include <random>

namespace {

using strings = std::vector<std::string>;

struct answer {
    std::string text;
    bool stopped = false;
    bool operator==(const answer&) const = default;
};

// Every out is checked on the way: whole code points, nothing after a stop.
answer play(const strings& stops, const strings& pieces) {
    tw::text_stream stream(stops);
    answer result;
    for (const auto& piece : pieces) {
        const bool before = stream.stopped();
        const auto out = stream.push(piece);
        CHECK(tw::is_valid_utf8(out.text));
        CHECK((!before || out.text.empty()));
        CHECK(out.stopped == stream.stopped());
        result.text += out.text;
        CHECK(stream.sent() == result.text.size());
    }
    const auto rest = stream.finish();
    CHECK(tw::is_valid_utf8(rest));
    result.text += rest;
    result.stopped = stream.stopped();
    CHECK(stream.stopped_by().empty() != result.stopped);
    CHECK(stream.sent() == result.text.size());
    CHECK(stream.finish().empty());
    return result;
}

// The rule in one line: clean the whole text, cut it at the earliest stop.
answer expected(const strings& stops, const std::string& bytes) {
    auto text = tw::to_valid_utf8(bytes);
    auto end = text.size();
    for (const auto& stop : stops)
        if (!stop.empty()) end = std::min(end, text.find(stop));
    return {text.substr(0, end), end != text.size()};
}

const char* const replacement = "\xEF\xBF\xBD";

} // namespace

TEST_CASE("text without stop strings passes at once") {
    tw::text_stream stream({});
    CHECK(stream.push("Hello").text == "Hello");
    CHECK(stream.push("").text.empty());
    CHECK(stream.push(" world").text == " world");
    CHECK(stream.finish().empty());
    CHECK(stream.sent() == 11);
    CHECK_FALSE(stream.stopped());
}

TEST_CASE("a code point waits for its last byte") {
    tw::text_stream stream({});
    CHECK(stream.push("a\xF0\x9F").text == "a");
    CHECK(stream.push("\x98").text.empty());
    CHECK(stream.push("\x80!").text == "\xF0\x9F\x98\x80!");
}

TEST_CASE("bytes that are not UTF-8 become U+FFFD, one per maximal subpart") {
    const std::string r = replacement;
    CHECK(play({}, {"a\xFF", "b"}).text == "a" + r + "b");
    CHECK(play({}, {"\xF0\x9F", "x"}).text == r + "x");
    CHECK(play({}, {"\xF0\x9F"}).text == r);
    CHECK(play({}, {"\x80\x80"}).text == r + r);
    CHECK(play({}, {"\xED\xA0\x80"}).text == r + r + r);
    CHECK(play({}, {"\xC3", "\xC3", "\xA9"}).text == r + "\xC3\xA9");
}

TEST_CASE("a stop string ends the text and is not sent") {
    tw::text_stream stream({"</s>"});
    CHECK(stream.push("one<").text == "one");
    CHECK(stream.push("/").text.empty());
    const auto out = stream.push("s>two");
    CHECK(out.text.empty());
    CHECK(out.stopped);
    CHECK(stream.push("three").text.empty());
    CHECK(stream.push("").stopped);
    CHECK(stream.finish().empty());
    CHECK(stream.sent() == 3);
}

TEST_CASE("a tail that only looked like a stop string is sent once that is known") {
    tw::text_stream stream({"\n\nUser:"});
    CHECK(stream.push("hi\n").text == "hi");
    CHECK(stream.push("\nUs").text.empty());
    CHECK(stream.push("ual").text == "\n\nUsual");
    CHECK(stream.push("\n").text.empty());
    CHECK(stream.push("\n\nUser:").stopped);
    CHECK(stream.sent() == 10);
}

TEST_CASE("no more is held back than the longest tail that can still become a stop string") {
    tw::text_stream stream({"aab"});
    CHECK(stream.push("aaaa").text == "aa");
    CHECK(stream.push("b").stopped);
}

TEST_CASE("what is held back at the end is sent") {
    CHECK(play({"END"}, {"the E", "N"}) == answer{"the EN", false});
}

TEST_CASE("the earliest stop in the text wins, not the first in the list") {
    CHECK(play({"late", "soon"}, {"x soon y late"}) == answer{"x ", true});
    CHECK(play({"b", "abc"}, {"xabc"}) == answer{"x", true});
}

TEST_CASE("a complete stop waits for an unfinished one that starts earlier") {
    CHECK(play({"abcd", "bc"}, {"a", "b", "c", "d"}) == answer{"", true});
    CHECK(play({"abcd", "bc"}, {"a", "b", "c", "x"}) == answer{"a", true});
    CHECK(play({"abcd", "bc"}, {"a", "b", "c"}) == answer{"a", true});
}

TEST_CASE("empty stop strings, and those that are not UTF-8, are ignored") {
    CHECK(play({"", "\x98"}, {"a \xF0\x9F\x98\x80"}) == answer{"a \xF0\x9F\x98\x80", false});
}

TEST_CASE("a stop string of several bytes a character is found over every split") {
    CHECK(play({"終わり"}, {"は\xE7", "\xB5\x82わ", "りx"}) == answer{"は", true});
}

TEST_CASE("every split of the bytes gives the same answer") {
    const strings texts{"Hello <|im_end|> tail", "naïve 😀 text\n\nUser: x", "\xF0\x9F\xFF<|\xC3|im",
                        "aaabaaabaab", "abcabd\xE2\x82", "\xED\xA0\x80\xEF\xBF\xBD stop"};
    const std::vector<strings> lists{{},
                                     {"<|im_end|>", "\n\nUser:"},
                                     {"aab", "abaab"},
                                     {"abd", "bc"},
                                     {"\xEF\xBF\xBD stop", "😀"}};
    for (const auto& text : texts)
        for (const auto& stops : lists) {
            const auto wanted = expected(stops, text);
            strings bytes;
            for (const char byte : text)
                bytes.emplace_back(1, byte);
            CHECK(play(stops, bytes) == wanted);
            for (std::size_t i = 0; i <= text.size(); ++i)
                for (std::size_t j = i; j <= text.size(); ++j) {
                    CAPTURE(text, i, j);
                    REQUIRE(play(stops, {text.substr(0, i), text.substr(i, j - i),
                                         text.substr(j)}) == wanted);
                }
        }
}

TEST_CASE("random texts over a small alphabet, randomly split, follow the rule") {
    std::mt19937_64 random(1);
    const strings alphabet{"a", "b", "\xC3", "\xA9", "\xE2", "\x82", "\xF0", "c"};
    const auto some = [&](std::size_t most) {
        std::string text;
        for (auto n = random() % (most + 1); n != 0; --n)
            text += alphabet[random() % (random() % 2 != 0 ? 2 : alphabet.size())];
        return text;
    };
    for (int round = 0; round < 4000; ++round) {
        strings stops;
        for (auto n = random() % 4; n != 0; --n)
            stops.push_back(tw::to_valid_utf8(some(5)));
        strings pieces;
        std::string all;
        for (auto n = random() % 12; n != 0; --n)
            all += pieces.emplace_back(some(4));
        CAPTURE(round, all);
        REQUIRE(play(stops, pieces) == expected(stops, all));
    }
}
