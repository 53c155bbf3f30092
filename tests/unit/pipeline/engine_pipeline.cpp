// A pipeline over a toy engine: prompts in their three forms, what is refused, what the status says.
#include <catch2/catch_test_macros.hpp>

#include <nlohmann/json.hpp>

#include "pipeline/engine_pipeline.hpp"
#include "unit/pipeline/found.hpp"
#include "unit/scheduler/harness.hpp"

using namespace tw;

namespace {

std::unique_ptr<engine_pipeline> toy_pipeline(const std::string& draft = "") {
    engine_pipeline_parts parts;
    parts.name = "chat";
    parts.serves = {"toy"};
    parts.target = toy_model(R"({"context":64})");
    if (!draft.empty())
        parts.drafts.push_back({{"small", [draft](draft_inbox& inbox, std::size_t index) {
                                     return std::make_unique<drafter_thread>(toy_model(draft), inbox, index);
                                 }}, "toy"});
    parts.speculation.always = true;
    parts.no_chat = "The model has no chat template.";
    parts.no_draft = "The pipeline names no draft.";
    return std::make_unique<engine_pipeline>(std::move(parts));
}

generation_request prompt(std::variant<std::vector<chat_message>, std::string, token_ids> input) {
    generation_request request;
    request.input = std::move(input);
    request.max_tokens = 8;
    return request;
}

answer ask(pipeline& models, generation_request request) {
    auto sink = std::make_shared<collected>();
    REQUIRE(models.start(std::move(request), sink).has_value());
    auto outcome = sink->result.get();
    return {sink->all, std::move(outcome)};
}

error refused(pipeline& models, generation_request request) {
    const auto got = models.start(std::move(request), std::make_shared<collected>());
    REQUIRE(got.has_error());
    return got.error();
}

} // namespace

TEST_CASE("a text and its token ids get the same answer") {
    const auto models = toy_pipeline();
    const auto text = ask(*models, prompt(std::string("abc")));
    const auto ids = ask(*models, prompt(token_ids{0, 2, 3, 4}));
    CHECK(text.text == ids.text);
    CHECK(text.outcome.prompt_tokens == 4);
}

TEST_CASE("what cannot be answered is refused before anything runs") {
    const auto models = toy_pipeline();
    CHECK(refused(*models, prompt(token_ids{0, 32})).message ==
          "Token id 32 of the prompt is not in the vocabulary, whose ids run from 0 to 31.");
    CHECK(refused(*models, prompt(token_ids{-1})).code == code::invalid_argument);
    CHECK(refused(*models, prompt(std::string(64, 'a'))).code == code::context_overflow);
    CHECK(refused(*models, prompt(std::string(5'000'000, 'a'))).code == code::context_overflow);
    CHECK(refused(*models, prompt(std::vector<chat_message>{{"user", "hello"}})).message ==
          "The model has no chat template.");
    auto image = prompt(std::vector<chat_message>{{.role = "user", .content = "", .parts = R"([{"type":"image_url"}])"}});
    CHECK(test::found(*models, count_question{image}).error().param == "messages");
    CHECK(refused(*models, std::move(image)).message == "Images are not served here: the models that are loaded here read text "
                                                        "only. Ask a model whose backend is a server that sees.");
    CHECK(refused(*models, prompt(std::vector<chat_message>{{.role = "user", .content = "",
                                                             .parts = R"([{"input_audio":{},"type":"input_audio"}])"}}))
              .message == "Audio is not served here: the models that are loaded here read text only. Ask a model whose backend is a "
                          "server that hears.");
    auto both = prompt(std::vector<chat_message>{{"user", "hello"}});
    both.tools.functions = R"([{"type":"function","function":{"name":"f"}}])";
    both.sampling.grammar = R"({"json_schema":{"type":"object"}})";
    const auto why = refused(*models, std::move(both));
    CHECK(why.param == "tools");
    CHECK(why.message == "Tools and a form of the answer (JSON, a grammar) are not served together here: a model that Tightwad runs "
                         "follows one grammar at a time. Leave one of them out.");
    auto banned = prompt(std::string("abc"));
    banned.sampling.logit_bias = {{99, 1.0F}};
    CHECK(refused(*models, std::move(banned)).code == code::invalid_argument);
}

TEST_CASE("a gap is filled by a model that has tokens for it") {
    auto gap = prompt(std::string("ab"));
    gap.suffix = "c";
    CHECK(refused(*toy_pipeline(), gap).message ==
          "A gap before a 'suffix' is not filled here: the vocabulary of 'toy' has no tokens for that, such as <|fim_prefix|> or "
          "<PRE>. Leave 'suffix' out, or ask a model that was made for it, in this process or behind a llama-server, an Ollama or a "
          "cloud.");
    engine_pipeline_parts parts;
    parts.name = "code";
    parts.serves = {"toy"};
    parts.target = toy_model(R"({"infill":true})");
    engine_pipeline models(std::move(parts));
    CHECK(models.prompt_tokens(gap).value() == token_ids{0, 25, 2, 3, 26, 4, 27});
    CHECK(ask(models, gap).outcome.prompt_tokens == 7);
    gap.suffix.clear();
    CHECK(models.prompt_tokens(gap).value() == token_ids{0, 2, 3});
}

TEST_CASE("the status says of a target that cannot take tokens back that nothing is drafted for it") {
    engine_pipeline_parts parts;
    parts.name = "chat";
    parts.serves = {"toy"};
    parts.target = toy_model(R"({"truncates":false})");
    engine_pipeline plain(std::move(parts));
    CHECK_FALSE(plain.can_be_drafted_for());
    CHECK(plain.status()["speculation"]["active"] == false);
    CHECK(plain.status()["speculation"]["why_not"] ==
          "The target toy cannot take tokens back, so no draft can be verified with it and no prompt is reused. Recurrent and "
          "hybrid models are so; choose another target to speculate.");
    CHECK_FALSE(ask(plain, prompt(std::string("abc"))).text.empty());
}

TEST_CASE("the status tells why there is no speculation, and counts it when there is") {
    const auto plain = toy_pipeline();
    CHECK(plain->status()["speculation"]["active"] == false);
    CHECK(plain->status()["speculation"]["why_not"] == "The pipeline names no draft.");
    const auto drafted = toy_pipeline("{}");
    const auto got = ask(*drafted, prompt(std::string("abc")));
    const auto status = drafted->status();
    CHECK(status["speculation"]["active"] == true);
    CHECK(status["speculation"]["estimates"]["drafters"][0]["branches"]["hits"].is_number());
    CHECK(status["stats"]["tokens"] == got.outcome.completion_tokens);
    CHECK(status["stats"]["drafted"] == got.outcome.stats.drafted);
    CHECK(status["slots"]["active"] == 0);
}
