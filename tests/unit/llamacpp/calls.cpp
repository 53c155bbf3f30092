// Tool calls in JSON, for models without a form of their own: what they are told, and their answers read back.
#include <catch2/catch_test_macros.hpp>

#include <tightwad/sdk/error.hpp>

#include "plugins/llamacpp/call_reader.hpp"
#include "plugins/llamacpp/json_calls.hpp"

using namespace llamacpp;
using tw::sdk::json::value;

namespace {

// What an answer's news say, cut into pieces of `size` bytes: the text, and the calls as NAME(ARGUMENTS).
std::string told(call_reader& reader, const std::string& answer, std::size_t size, bool cut_off = false) {
    std::string text, calls;
    const auto note = [&](const std::string& news) {
        for (const auto& each : value::parse(news).elements()) {
            if (const auto content = each.find("content")) text += content->as_string();
            if (!each.find("call")) continue;
            if (const auto name = each.find("name")) calls += name->as_string() + "(";
            calls += each.find("arguments")->as_string();
        }
    };
    for (std::size_t at = 0; at < answer.size(); at += size) note(reader.read(answer.substr(at, size), false, false));
    note(reader.read("", true, cut_off));
    return text + calls;
}

constexpr auto request = R"({"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Rome?"},
    {"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function",
        "function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]},
    {"role":"tool","tool_call_id":"1","content":"Rain."}],
    "tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}},
             {"type":"function","function":{"name":"time"}}]})";

// Text as it is, unless "!" is in it; "#" is read otherwise at the end.
class words final : public call_reader {
  protected:
    [[nodiscard]] std::optional<read_message> parse(const std::string& all, bool partial) const override {
        if (all.find('!') != std::string::npos) return std::nullopt;
        read_message out;
        if (all.starts_with('#')) out.content = partial ? "one" : "two";
        else out.content = all;
        return out;
    }
};

} // namespace

TEST_CASE("a call is told as it comes, wherever its text is cut") {
    for (const std::string answer : {R"({"name": "f", "arguments": {"a": [1, "}\""], "b": {}}})",
                                     R"({ "name" : "arguments","arguments":{"a": [1, "}\""], "b": {}} } )"}) {
        const auto name = answer.find("\"f\"") != std::string::npos ? "f" : "arguments";
        for (std::size_t size = 1; size < 12; ++size) {
            CAPTURE(answer, size);
            json_call_reader reader;
            CHECK(told(reader, answer, size) == std::string(name) + R"(({"a": [1, "}\""], "b": {}})");
        }
    }
}

TEST_CASE("a call that was cut off is told as far as it went; one that is no call is an error") {
    json_call_reader cut;
    CHECK(told(cut, R"({"name": "f", "arguments": {"a": 1)", 4, true) == R"(f({"a": 1)");
    json_call_reader early;
    CHECK(told(early, R"({"nam)", 2, true).empty());
    json_call_reader bad;
    CHECK_THROWS_AS(told(bad, R"({"name": "f"})", 3), tw::sdk::failure);
}

TEST_CASE("a reading that fails or changes its mind is an error at the end, not before") {
    words plain, lost, fickle;
    CHECK(told(plain, "some words", 3) == "some words");
    CHECK_THROWS_AS(told(lost, "oh no!", 2), tw::sdk::failure);
    CHECK_THROWS_AS(told(fickle, "#", 1), tw::sdk::failure);
}

TEST_CASE("tools are told in words, earlier calls and results are text") {
    const auto written = told_in_json(value::parse(request));
    const auto messages = value::parse(written).elements();
    REQUIRE(messages.size() == 4);
    const auto content = [&](std::size_t i) { return messages[i].find("content")->as_string(); };
    CHECK(content(0).starts_with("Be brief.\n\nYou can call these functions:\n{\"name\":\"weather\""));
    CHECK(content(1) == "Rome?");
    CHECK(content(2) == R"({"name":"weather","arguments":{"city":"Rome"}})");
    CHECK(messages[3].find("role")->as_string() == "user");
    CHECK(content(3) == "The function returned: Rain.");
}

TEST_CASE("the schema of a call holds its name to the tools, each with its own arguments") {
    const auto schema = schema_of_calls(*value::parse(request).find("tools"));
    CHECK(schema ==
          R"({"anyOf":[{"type":"object","properties":{"name":{"const":"weather"},"arguments":{"type":"object"}},)"
          R"("required":["name","arguments"],"additionalProperties":false},)"
          R"({"type":"object","properties":{"name":{"const":"time"},"arguments":{"type":"object","properties":{}}},)"
          R"("required":["name","arguments"],"additionalProperties":false}]})");
}
