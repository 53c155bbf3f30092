// Tokens, embeddings and what servers reply, as a pipeline gives them.
#include <cmath>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "pipeline/embedding_pipeline.hpp"
#include "pipeline/engine_pipeline.hpp"
#include "pipeline/server_questions.hpp"
#include "unit/pipeline/found.hpp"
#include "unit/scheduler/harness.hpp"

using namespace tw;
using test::found;

namespace {

std::unique_ptr<engine_pipeline> answers() {
    engine_pipeline_parts parts;
    parts.name = "chat";
    parts.serves = {"toy"};
    parts.target = toy_model();
    return std::make_unique<engine_pipeline>(std::move(parts));
}

std::unique_ptr<embedding_pipeline> embeddings() {
    auto model = toy_model(R"({"context":8,"slots":2})");
    model->with_embeddings(toy::embedding_api());
    const auto sizes = model->embedding();
    REQUIRE(sizes.has_value());
    toy::embedding::passes.clear();
    return std::make_unique<embedding_pipeline>(embedding_pipeline_parts{"e", {"vectors"}, "far", std::move(model), *sizes});
}

embed_question of(std::initializer_list<std::variant<std::string, token_ids>> inputs) { return {.inputs = inputs}; }

template <class Asked> std::string fault(const Asked& asked, std::string_view reply) {
    const auto read = from_server(asked, reply);
    return read ? "" : read.error().message;
}

} // namespace

TEST_CASE("a model here tells its tokens, with control tokens by name or as text") {
    const auto models = answers();
    const auto whole = std::get<token_list>(*found(*models, tokenize_question{.text = "<s>ab", .special = true, .bos = false}));
    CHECK(whole.ids == token_ids{0, 2, 3});
    CHECK(whole.pieces == std::vector<std::string>{"<s>", "a", "b"});
    CHECK(std::get<token_list>(*found(*models, tokenize_question{.text = "a", .special = true, .bos = true})).ids == token_ids{0, 2});
    CHECK(std::get<token_list>(*found(*models, tokenize_question{.text = "<s>", .special = false})).ids == token_ids{28, 20, 28});
    CHECK(std::get<detokenized>(*found(*models, detokenize_question{{0, 2, 3}})).text == "<s>ab");
    CHECK(std::get<detokenized>(*found(*models, detokenize_question{{29, 30, 31, 29}})).text == "€\uFFFD");
    const auto wrong = found(*models, detokenize_question{{2, 32}});
    REQUIRE(wrong.has_error());
    CHECK(wrong.error().param == "tokens[1]");
    const auto known = std::get<model_properties>(*found(*models, properties_question{}));
    CHECK(known.context == 256);
    CHECK_FALSE(known.embeds);
    CHECK_FALSE(known.calls_tools); // it has no form of chats at all
    CHECK(found(*models, of({"a"})).error().code == code::unsupported);
}

TEST_CASE("embeddings are of length one, in order, several texts to a pass") {
    const auto models = embeddings();
    CHECK(std::get<model_properties>(*found(*models, properties_question{})).embeds);
    const auto got = found(*models, of({"ab", "abcdefg", token_ids{4, 5}, "z"}));
    REQUIRE(got.has_value());
    const auto& list = std::get<embedding_list>(*got);
    REQUIRE(list.vectors.size() == 4);
    CHECK(list.prompt_tokens == 3 + 8 + 2 + 2); // bos before each text, none before ids
    CHECK(toy::embedding::passes == std::vector<std::size_t>{1, 1, 2}); // 8 tokens and 2 texts at most
    CHECK(list.vectors[0][1] == list.vectors[0][2]); // (0, 3, 3) before
    CHECK(std::abs(list.vectors[0][1] - 0.70710678F) < 1e-6F);
    CHECK(list.vectors[2][0] / list.vectors[2][2] == 2);
    CHECK(list.vectors[3] == std::vector<float>{0, 0, 0});
    CHECK(models->status()["stats"]["tokens"] == 15);
    CHECK(models->status()["target"]["dimensions"] == 3);
}

TEST_CASE("an input that is too long or none is named; only who asks for it has it cut") {
    const auto models = embeddings();
    const auto refused = [&](const embed_question& asked) {
        const auto got = found(*models, asked);
        REQUIRE(got.has_error());
        return got.error();
    };
    const auto long_one = refused(of({"a", "abcdefgh"}));
    CHECK(long_one.code == code::context_overflow);
    CHECK(long_one.param == "input[1]");
    CHECK(long_one.message == "The input has 9 tokens; this model takes at most 8. Cut it into pieces.");
    CHECK(refused(of({token_ids{99}})).param == "input[0]");
    CHECK(refused(of({token_ids{}})).param == "input[0]");
    auto cut = of({"abcdefgh"});
    cut.truncate = true;
    CHECK(std::get<embedding_list>(*found(*models, cut)).prompt_tokens == 8);
    auto shortened = of({"a"});
    shortened.dimensions = 2;
    CHECK(refused(shortened).param == "dimensions");
    shortened.dimensions = 3;
    CHECK(found(*models, shortened).has_value());
}

TEST_CASE("a model for embeddings gives no answers and says where it is asked") {
    const auto models = embeddings();
    generation_request request;
    request.input = std::string("a");
    const auto got = models->start(std::move(request), nullptr);
    REQUIRE(got.has_error());
    CHECK(got.error().message == "The model 'vectors' makes embeddings and gives no answers; ask for it at /v1/embeddings.");
    CHECK(found(*models, rerank_question{"a", {"b"}}).error().code == code::unsupported);
    CHECK(std::get<token_list>(*found(*models, tokenize_question{.text = "a"})).ids == token_ids{2});
}

TEST_CASE("what was asked and is not waited for ends when the pipeline goes") {
    auto models = embeddings();
    int ended = 0;
    for (int i = 0; i < 50; ++i)
        REQUIRE(models->ask(of({"ab", "cd", "ef"}), [&](const result<finding>&) { ++ended; }).has_value());
    models.reset();
    CHECK(ended == 50);
}

TEST_CASE("a question to a server is the contract's JSON") {
    CHECK(to_server(tokenize_question{"a", false, true}).json == R"({"add_special":true,"content":"a","parse_special":false})");
    CHECK(to_server(properties_question{}).what == "properties");
    auto asked = of({"a", token_ids{1, 2}});
    asked.dimensions = 5;
    CHECK(to_server(asked).json == R"({"dimensions":5,"input":["a",[1,2]],"truncate":false})");
    generation_request chat;
    chat.input = std::vector<chat_message>{{"user", "a"}};
    chat.tools.functions = R"([{"z":1,"a":2}])";
    CHECK(to_server(count_question{chat}).what == "count");
    CHECK(to_server(count_question{chat}).json == R"({"messages":[{"role":"user","content":"a"}],"tools":[{"z":1,"a":2}],)"
                                                  R"("tool_choice":"auto","parallel_tool_calls":true})");
    CHECK(to_server(rerank_question{"q", {"d"}}).json == R"({"documents":["d"],"query":"q"})");
}

TEST_CASE("a server's reply is read by its indices, and nonsense is said to be that") {
    const auto two = of({"a", "b"});
    const auto got = from_server(two, R"({"data":[{"index":1,"embedding":[1,0]},{"index":0,"embedding":[0.5,2]}],
        "usage":{"prompt_tokens":7}})");
    REQUIRE(got.has_value());
    CHECK(std::get<embedding_list>(*got).vectors == std::vector<std::vector<float>>{{0.5F, 2}, {1, 0}});
    CHECK(std::get<embedding_list>(*got).prompt_tokens == 7);
    for (const char* bad : {"", "[]", "{}", R"({"data":[{"embedding":[1]}]})", R"({"data":[{"embedding":[1]},{"embedding":[]}]})",
                            R"({"data":[{"embedding":[1]},{"embedding":[1],"index":0}]})", R"({"data":[{"embedding":["1"]},{"embedding":[1]}]})",
                            R"({"data":[{"embedding":[1e99]},{"embedding":[1]}]})", R"({"data":[1,2]})"}) {
        CAPTURE(bad);
        CHECK(fault(two, bad).starts_with("The server's reply makes no sense: "));
    }
    auto shortened = two;
    shortened.dimensions = 3;
    CHECK(from_server(shortened, R"({"data":[{"embedding":[1,0]},{"embedding":[1,0]}]})").error().param == "dimensions");

    const rerank_question documents{"q", {"a", "b", "c"}};
    const auto order = from_server(documents, R"({"results":[{"index":2,"relevance_score":-1},{"index":0,"relevance_score":0.5},
        {"index":1,"relevance_score":3}]})");
    REQUIRE(order.has_value());
    CHECK(std::get<ranking>(*order).entries[0].index == 1);
    CHECK(std::get<ranking>(*order).entries[2].index == 2);
    for (const char* bad : {R"({"results":[]})", R"({"results":[{"index":3,"relevance_score":1}]})", R"({"results":[{"index":"0"}]})",
                            R"({"results":[{"index":0,"relevance_score":1},{"index":0,"relevance_score":1},{"index":1,"relevance_score":1}]})"}) {
        CAPTURE(bad);
        CHECK(fault(documents, bad).starts_with("The server's reply makes no sense: "));
    }

    const auto tokens = from_server(tokenize_question{}, R"({"tokens":[{"id":5,"piece":"a"},{"id":6,"piece":[226,130]}]})");
    REQUIRE(tokens.has_value());
    CHECK(std::get<token_list>(*tokens).pieces == std::vector<std::string>{"a", "\xE2\x82"});
    for (const char* bad : {R"({"tokens":[5]})", R"({"tokens":[{"id":5}]})", R"({"tokens":[{"id":5,"piece":[256]}]})",
                            R"({"tokens":[{"id":99999999999,"piece":"a"}]})"}) {
        CAPTURE(bad);
        CHECK(fault(tokenize_question{}, bad).starts_with("The server's reply makes no sense: "));
    }
    CHECK(std::get<token_count>(*from_server(count_question{}, R"({"tokens":7})")).tokens == 7);
    for (const char* bad : {R"({"tokens":[5]})", R"({"tokens":-1})", R"({"tokens":99999999999})"}) {
        CAPTURE(bad);
        CHECK(fault(count_question{}, bad) == "The server's reply makes no sense: it has no number \"tokens\".");
    }
    CHECK(std::get<detokenized>(*from_server(detokenize_question{}, R"({"content":"x"})")).text == "x");
    CHECK(std::get<model_properties>(*from_server(properties_question{}, R"({"n":1})")).as_is == R"({"n":1})");
}
