// Documents in order, as a pipeline whose model was made for that gives them.
#include <future>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "pipeline/embedding_pipeline.hpp"
#include "unit/pipeline/found.hpp"
#include "unit/scheduler/harness.hpp"

using namespace tw;
using test::found;

namespace {

std::unique_ptr<embedding_pipeline> rankings(std::int32_t queue = 64) {
    auto model = toy_model(R"({"context":8,"slots":2})");
    model->with_embeddings(toy::embedding_api());
    model->with_rankings(toy::ranking_api());
    const auto sizes = model->ranking();
    REQUIRE(sizes.has_value());
    toy::ranking::passes.clear();
    return std::make_unique<embedding_pipeline>(embedding_pipeline_parts{
        "r", {"order"}, "far", std::move(model), {1, sizes->n_tokens, sizes->n_pairs}, queue, true});
}

error refused(embedding_pipeline& models, const question& asked) {
    const auto got = found(models, asked);
    REQUIRE(got.has_error());
    return got.error();
}

} // namespace

TEST_CASE("documents come best first with the model's own scores, equal ones as they were sent, several to a pass") {
    const auto models = rankings();
    const auto got = found(*models, rerank_question{"q", {"n", "abcde", "z", "m", "o", "n"}});
    REQUIRE(got.has_value());
    const auto& order = std::get<ranking>(*got);
    std::vector<std::size_t> indices;
    std::vector<double> scores;
    for (const auto& each : order.entries) indices.push_back(each.index), scores.push_back(each.score);
    CHECK(indices == std::vector<std::size_t>{1, 3, 0, 5, 4, 2});
    CHECK(scores == std::vector<double>{8, 0, -1, -1, -2, -13});
    CHECK(order.prompt_tokens == 4 + 8 + 4 + 4 + 4 + 4); // bos, the query and the end before each document
    CHECK(toy::ranking::passes == std::vector<std::size_t>{1, 1, 2, 2}); // 8 tokens and 2 pairs at most
    CHECK(models->status()["stats"]["tokens"] == 28);
    CHECK(models->status()["target"]["ranks"] == true);
    CHECK_FALSE(models->status()["target"].contains("embeddings"));
    CHECK(std::get<ranking>(*found(*models, rerank_question{"q", {""}})).entries.size() == 1);
}

TEST_CASE("a document that does not fit beside the query is named") {
    const auto models = rankings();
    const auto long_one = refused(*models, rerank_question{"q", {"a", "b", "c", "abcdef"}});
    CHECK(long_one.code == code::context_overflow);
    CHECK(long_one.param == "documents[3]");
    CHECK(long_one.message == "The query and this document have 9 tokens together; this model takes at most 8. Cut the document "
                              "into pieces.");
    const auto query = refused(*models, rerank_question{std::string(std::size_t{1} << 20U, 'q'), std::vector<std::string>(40)});
    CHECK(query.code == code::invalid_argument);
    CHECK(query.param == "query");
}

TEST_CASE("a model that puts documents in order does nothing else and says what it does") {
    const auto models = rankings();
    const embed_question vectors{.inputs = {std::string("a")}};
    CHECK(refused(*models, vectors).message == "Embeddings are not served here: the model puts documents in order.");
    CHECK(refused(*models, vectors).code == code::unsupported);
    generation_request request;
    request.input = std::string("a");
    CHECK(models->start(std::move(request), nullptr).error().message ==
          "The model 'order' puts documents in order and gives no answers; ask for it at /v1/rerank.");
    const auto known = std::get<model_properties>(*found(*models, properties_question{}));
    CHECK(known.ranks);
    CHECK_FALSE(known.embeds);
    CHECK(std::get<token_list>(*found(*models, tokenize_question{.text = "a"})).ids == token_ids{2});
}

TEST_CASE("who finds the queue full is told to come back") {
    std::promise<result<finding>> heard;
    const auto models = rankings(0);
    const rerank_question asked{"q", {"a"}};
    std::unique_lock closed(toy::ranking::gate);
    REQUIRE(models->ask(asked, [&](result<finding> what) { heard.set_value(std::move(what)); }).has_value());
    const auto busy = refused(*models, asked);
    CHECK(busy.code == code::busy);
    CHECK(busy.retry_after == std::chrono::seconds{1});
    CHECK(busy.message == "The model puts documents in order for one request at a time, and 1 are being served or waiting. Try "
                          "again in a moment.");
    closed.unlock();
    CHECK(heard.get_future().get().has_value());
}
