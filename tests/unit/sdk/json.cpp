// The SDK's JSON reader: strict, bounded, and honest about where a text goes wrong.
#include <tightwad/sdk/config.hpp>

#include <random>

#include <catch2/catch_test_macros.hpp>

namespace json = tw::sdk::json;
using tw::sdk::failure;

namespace {

std::string fault(std::string_view text) {
    try {
        static_cast<void>(json::value::parse(text));
        return "";
    } catch (const failure& e) {
        CHECK(e.code() == TW_INVALID_ARGUMENT);
        return e.what();
    }
}

} // namespace

TEST_CASE("values of every kind are read") {
    const auto v = json::value::parse(
        R"( {"s":"a\"\\\/\n\u00e9\ud83d\ude00","n":-1.5e2,"i":42,"t":true,"z":null,"a":[1,[2],{}],"e":{}} )");
    CHECK(v.find("s")->as_string() == "a\"\\/\n\xC3\xA9\xF0\x9F\x98\x80");
    CHECK(v.find("n")->as_number() == -150.0);
    CHECK(v.find("n")->as_integer() == -150);
    CHECK(v.find("i")->as_integer() == 42);
    CHECK(v.find("t")->as_boolean());
    CHECK(v.find("z")->kind() == json::kind::null);
    REQUIRE(v.find("a")->elements().size() == 3);
    CHECK(v.find("a")->elements()[1].raw() == "[2]");
    CHECK(v.find("e")->members().empty());
    CHECK_FALSE(v.find("missing"));
}

TEST_CASE("what is not JSON is refused at the byte where it goes wrong") {
    CHECK(fault("") == "The JSON text is malformed at byte 0.");
    CHECK(fault("[1,]") == "The JSON text is malformed at byte 3.");
    for (const char* text :
         {"{",           "[",         "\"",    "{\"a\"}",    "{\"a\":}", "{a:1}",
          "01",          "1.",        "-",     ".5",         "1e",       "+1",
          "nul",         "tru",       "[1 2]", "\"\x01\"",   "\"\\x\"",  "\"\\ud800\"",
          "\"\\udc00\"", "\"\\u12\"", "1 2",   "{\"a\":1,}", "NaN",      "'a'"}) {
        INFO(text);
        CHECK_FALSE(fault(text).empty());
    }
}

TEST_CASE("depth and numbers are bounded") {
    CHECK(fault(std::string(64, '[') + std::string(64, ']')).empty());
    CHECK(fault(std::string(65, '[') + std::string(65, ']')) ==
          "The JSON text nests deeper than 64 levels.");
    CHECK_FALSE(fault(std::string(1'000'000, '[')).empty());
    CHECK_THROWS_AS(json::value::parse("1e999").as_number(), failure);
    CHECK_THROWS_AS(json::value::parse("1.5").as_integer(), failure);
    CHECK_THROWS_AS(json::value::parse("1e300").as_integer(), failure);
    CHECK(json::value::parse("9223372036854775807").as_integer() == INT64_MAX);
    CHECK_THROWS_AS(json::value::parse("9223372036854775808").as_integer(), failure);
}

TEST_CASE("random damage never reads out of bounds") {
    const std::string sound = R"({"a":[1,2.5e3,"x\u00e9\ud83d\ude00"],"b":{"c":true,"d":null}})";
    std::mt19937 random(3);
    for (int round = 0; round < 20000; ++round) {
        std::string text = sound;
        for (int hit = 0; hit < 3; ++hit)
            text[random() % text.size()] = static_cast<char>(random());
        text.resize(random() % (text.size() + 1));
        const std::vector<char> exact(text.begin(), text.end()); // no terminator to hide behind
        try {
            const auto v = json::value::parse({exact.data(), exact.size()});
            if (v.kind() == json::kind::object)
                for (const auto& [key, member] : v.members())
                    if (member.kind() == json::kind::string) static_cast<void>(member.as_string());
        } catch (const failure&) {
        }
    }
    SUCCEED("no crash");
}

TEST_CASE("a quoted text reads back as it was") {
    const std::string text = "a\"b\\c\n\t\x01 \xC3\xA9";
    CHECK(json::value::parse(json::quote(text)).as_string() == text);
}

TEST_CASE("a table names the key that is wrong") {
    const tw::sdk::config table(R"({"model":"m","threads":4,"deep":{"a":1},"off":null})");
    CHECK(table.text("model") == "m");
    CHECK(table.text("other", "fallback") == "fallback");
    CHECK(table.integer("threads", 1, 1, 64) == 4);
    CHECK(table.boolean("absent", true));
    CHECK(*table.raw("deep") == R"({"a":1})");
    CHECK_FALSE(table.has("off"));
    const auto sentence = [](auto&& read) {
        try {
            read();
            return std::string();
        } catch (const failure& e) {
            return std::string(e.what());
        }
    };
    CHECK(sentence([&] { static_cast<void>(table.text("missing")); }) == "missing is missing.");
    CHECK(sentence([&] { static_cast<void>(table.integer("model", 0)); }) ==
          "model: \"m\" stands where a number is needed.");
    CHECK(sentence([&] { static_cast<void>(table.integer("threads", 1, 1, 2)); }) ==
          "threads is 4; it must lie between 1 and 2.");
}
