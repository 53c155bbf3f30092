// What a plugin says of a chat is checked like everything else.
#include <catch2/catch_test_macros.hpp>

#include <string>

#include "bridge/chat.hpp"
#include "bridge/grammar.hpp"

using namespace tw;

namespace {

std::string form, news; // what the plugin below writes
int alive = 0;

void put(const tw_writer* to, const std::string& text) { to->write(to, {text.data(), text.size()}); }

constexpr tw_chat_v1 scripted{
    .size = sizeof(tw_chat_v1),
    .create = [](tw_engine*, tw_chat** out, tw_error*) -> tw_code {
        *out = reinterpret_cast<tw_chat*>(new int);
        return ++alive, TW_OK;
    },
    .destroy = [](tw_chat* self) { delete reinterpret_cast<int*>(self), --alive; },
    .begin = [](tw_chat*, tw_str, const tw_writer* to, tw_chat_answer** out, tw_error*) -> tw_code {
        put(to, form);
        if (out != nullptr) *out = reinterpret_cast<tw_chat_answer*>(new int), ++alive;
        return TW_OK;
    },
    .read = [](tw_chat_answer*, tw_str, std::int32_t, const tw_writer* to, tw_error*) -> tw_code {
        return put(to, news), TW_OK;
    },
    .destroy_answer = [](tw_chat_answer* self) { delete reinterpret_cast<int*>(self), --alive; },
};

result<chat_form> begun(const std::string& written) {
    form = written;
    auto made = chat::create(scripted, "scripted", nullptr);
    REQUIRE(made.has_value());
    return (*made)->begin("{}", true);
}

std::string fault_of(const std::string& written) {
    auto got = begun(R"({"prompt":"p"})");
    REQUIRE(got.has_value());
    news = written;
    const auto read = got->reader->read("x", chat_answer::state::goes_on);
    return read ? "" : read.error().message;
}

} // namespace

TEST_CASE("a form is read as the contract has it, a grammar's members in their order") {
    const auto got = begun(R"({"prompt":"p","stops":["a",""],"shown":["<t>"],"grammar":{"json_schema":{"z":1,"a":2}}})");
    REQUIRE(got.has_value());
    CHECK(got->prompt == "p");
    CHECK(got->stops == std::vector<std::string>{"a"});
    CHECK(got->shown == std::vector<std::string>{"<t>"});
    CHECK(got->grammar == R"({"json_schema":{"z":1,"a":2}})");
    CHECK(got->reader != nullptr);
    for (const char* bad : {"", "[]", R"({"stops":[]})", R"({"prompt":1})", R"({"prompt":"p","stops":"a"})",
                            R"({"prompt":"p","shown":[1]})"}) {
        CAPTURE(bad);
        const auto refused = begun(bad);
        REQUIRE(refused.has_error());
        CHECK(refused.error().code == code::internal);
    }
}

TEST_CASE("news are text and calls in their order") {
    auto got = begun(R"({"prompt":"p"})");
    REQUIRE(got.has_value());
    news = R"([{"content":"a"},{"content":""},{"call":0,"name":"f","id":"i","arguments":"{"},{"call":0,"arguments":"}"},
        {"call":1,"name":"g"}])";
    const auto read = got->reader->read("x", chat_answer::state::ended);
    REQUIRE(read.has_value());
    REQUIRE(read->size() == 4);
    CHECK((*read)[0].text == "a");
    CHECK_FALSE((*read)[0].call.has_value());
    CHECK((*read)[1].name == "f");
    CHECK((*read)[1].id == "i");
    CHECK((*read)[2].text == "}");
    CHECK((*read)[3].call == 1);
    for (const char* bad : {"{}", "[1]", R"([{"call":1,"name":"f"}])", R"([{"call":0}])", R"([{"call":-1,"name":"f"}])",
                            R"([{"call":0,"name":"f"},{"call":0,"name":"f"}])"}) {
        CAPTURE(bad);
        CHECK(fault_of(bad).starts_with("The plugin scripted broke the contract: "));
    }
}

TEST_CASE("nothing of a chat is left behind") {
    static_cast<void>(begun(R"({"prompt":"p"})"));
    static_cast<void>(begun("no JSON"));
    CHECK(alive == 0);
}

TEST_CASE("a grammar that is not there is the plugin's fault") {
    constexpr tw_grammar_v1 absent{
        .size = sizeof(tw_grammar_v1),
        .create = [](tw_engine*, tw_str, tw_grammar**, tw_error*) -> tw_code { return TW_OK; },
        .clone = nullptr,
        .destroy = [](tw_grammar*) {},
        .allowed = nullptr,
        .accept = nullptr,
    };
    const auto got = make_grammar(absent, "absent", nullptr, "{}");
    REQUIRE(got.has_error());
    CHECK(got.error().message == "The plugin absent broke the contract: create succeeded without a grammar.");
}
