// What a server says beside its text, in every form that servers have, and what makes no sense.
#include "pipeline/server_news.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>

using namespace tw;

namespace {

struct heard final : generation_sink {
    std::string calls, thoughts, extras;
    std::vector<token_likelihood> likely;

    void text(std::string_view) override {}
    void done(generation_result) override {}
    void thought(std::string_view piece) override { thoughts += piece; }
    void extra(std::string_view json, bool adds_up) override { extras.append(json).append(adds_up ? " +\n" : "\n"); }
    void likelihoods(std::vector<token_likelihood> tokens) override { likely = std::move(tokens); }
    void call(tool_call_piece piece) override {
        calls += std::to_string(piece.index) + ',' + piece.more.id + ',' + piece.more.name + ',' + piece.more.arguments + '|';
    }
};

std::string calls_of(std::initializer_list<const char*> news) {
    heard to;
    server_news reader;
    for (const auto* each : news)
        if (const auto read = reader.read(each, to); !read) {
            CHECK(read.error().code == code::corrupt);
            to.calls += read.error().message;
        }
    return to.calls;
}

} // namespace

TEST_CASE("a server's calls come in pieces, or whole") {
    CHECK(calls_of({R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]})",
                    R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"z\":1,"}}]})",
                    R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":"\"a\":2}"}},{"index":1,"function":{"name":"g"}}]})"}) ==
          R"(0,a,f,|0,,,{"z":1,|0,,,"a":2}|1,,g,|)");
    // Ollama's: no number, arguments as an object whose members keep their order.
    CHECK(calls_of({R"({"tool_calls":[{"function":{"name":"f","arguments":{"z":1,"a":2}}},{"function":{"name":"g","arguments":{}}}]})"}) ==
          R"(0,,f,{"z":1,"a":2}|1,,g,{}|)");
}

TEST_CASE("what makes no sense beside an answer is said, and nothing of it is heard") {
    CHECK(calls_of({"garbage"}) == "The server sent what makes no sense beside its answer: garbage");
    CHECK(calls_of({"[]"}) == "The server sent what makes no sense beside its answer: []");
    CHECK(calls_of({std::string(300, '[').c_str()}).starts_with("The server sent what makes no sense"));
    for (const auto* bad : {R"({"tool_calls":[7]})", R"({"tool_calls":[{"index":1,"function":{"name":"f"}}]})",
                            R"({"tool_calls":[{"index":0,"function":{"arguments":"x"}}]})",
                            R"({"tool_calls":[{"function":{"arguments":"x"}}]})"})
        CHECK(calls_of({bad}) == std::string("The server sent a tool call that makes no sense: ") + bad);
    CHECK(calls_of({R"({"tool_calls":7,"logprobs":{"content":7}})"}).empty());
}

TEST_CASE("what a model thinks is heard apart") {
    heard to;
    server_news reader;
    REQUIRE(reader.read(R"({"reasoning_content":"Hm"})", to).has_value());
    REQUIRE(reader.read(R"({"reasoning_content":7,"tool_calls":[]})", to).has_value());
    CHECK(to.thoughts == "Hm");
}

TEST_CASE("log probabilities in both of OpenAI's forms") {
    heard to;
    server_news reader;
    REQUIRE(reader.read(R"({"logprobs":{"content":[{"id":5,"token":"é","bytes":[195],"logprob":-0.5,
        "top_logprobs":[{"token":"x","bytes":null,"logprob":-0.5},{"token":"y","logprob":-2}]},3]}})", to).has_value());
    REQUIRE(to.likely.size() == 2);
    CHECK(to.likely[0].chosen.token == 5);
    CHECK(to.likely[0].chosen.bytes == "\xC3");
    CHECK(to.likely[0].chosen.logprob == -0.5);
    CHECK(to.likely[0].top[1].bytes == "y");
    CHECK(std::isinf(to.likely[1].chosen.logprob));
    REQUIRE(reader.read(R"({"logprobs":{"tokens":["a","b"],"token_logprobs":[null,-1],"top_logprobs":[null,{"c":-3,"b":-1}]}})", to).has_value());
    REQUIRE(to.likely.size() == 2);
    CHECK(std::isinf(to.likely[0].chosen.logprob));
    CHECK(to.likely[1].chosen.bytes == "b");
    CHECK(to.likely[1].top[0].bytes == "b");
    CHECK(to.likely[1].top[1].logprob == -3);
}

TEST_CASE("what a server says of its tokens is kept, and a number that makes no sense is one that was not said") {
    heard to;
    server_news reader;
    REQUIRE(reader.read(R"({"usage":{"prompt_tokens_details":{"cached_tokens":5,"audio_tokens":1},
        "completion_tokens_details":{"reasoning_tokens":0,"accepted_prediction_tokens":3,"rejected_prediction_tokens":-1}}})", to).has_value());
    CHECK(reader.usage().cached == 5);
    CHECK(reader.usage().reasoning == 0);
    CHECK(reader.usage().accepted_prediction == 3);
    CHECK_FALSE(reader.usage().rejected_prediction);
    REQUIRE(reader.read(R"({"usage":{"prompt_tokens_details":null,"completion_tokens_details":{"reasoning_tokens":99999999999}}})", to).has_value());
    CHECK(reader.usage().cached == 5);
    CHECK(reader.usage().reasoning == 0);
}

TEST_CASE("what only some clients know is heard by its place, and as nothing where it makes no sense") {
    heard to;
    server_news reader;
    for (const auto* each : {R"({"extra":{"answer":{"provider":"x"},"choice":7,"elsewhere":{"a":1}}})", R"({"extra":{"delta":{"refusal":"No"}}})",
                             R"({"usage":{"cost":0.5,"prompt_tokens_details":{"cached_tokens":3}}})", R"({"extra":[1]})"})
        CHECK(reader.read(each, to).has_value());
    CHECK(to.extras == R"({"answer":{"provider":"x"}})" "\n" R"({"delta":{"refusal":"No"}} +)" "\n"
                       R"({"usage":{"cost":0.5,"prompt_tokens_details":{"cached_tokens":3}}})" "\n");
    CHECK(reader.usage().cached == 3);
    std::string wide = R"({"extra":{"answer":{"a":1)";
    for (int i = 0; i < 2000; ++i) wide += R"(,"b":1)";
    const std::string deep(200, '[');
    for (const auto& each : {wide + "}}}", R"({"extra":{"answer":{"a":)" + deep, std::string(R"({"extra":{"answer":{"a":1e999}}})")})
        CHECK(reader.read(each, to).has_value()); // nobody here reads it: no reason to end an answer
    CHECK(reader.read("{\"extra\":{\"answer\":{\"a\":\"\xff\"}}}", to).has_value());
    CHECK(to.extras.ends_with("{\"answer\":{\"a\":\"\uFFFD\"}}\n"));
}
