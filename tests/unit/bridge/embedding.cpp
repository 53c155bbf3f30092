// What a plugin says of embeddings, and of what its server is asked, is checked like everything else.
#include <limits>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "bridge/backend.hpp"
#include "bridge/engine.hpp"
#include "unit/bridge/load.hpp"

using namespace tw;

namespace {

tw_embedding_info sizes{sizeof(tw_embedding_info), 2, 8, 4}; // what the plugin below states
float number = 0.5F;                                         // and answers

constexpr tw_embedding_v1 scripted{
    .size = sizeof(tw_embedding_v1),
    .info = [](tw_engine*, tw_embedding_info* out, tw_error*) -> tw_code { return *out = sizes, TW_OK; },
    .embed = [](tw_engine*, const tw_embedding_text* texts, std::size_t n, float* out, tw_error*) -> tw_code {
        for (std::size_t i = 0; i < n; ++i) {
            out[2 * i] = static_cast<float>(texts[i].tokens[0]);
            out[2 * i + 1] = number;
        }
        return TW_OK;
    },
};

std::unique_ptr<engine> toy() {
    auto made = engine::create(load_table<tw_engine_v1>("toy_engine", TW_ENGINE_V1), "toy_engine",
                               std::make_unique<plugin_host>("toy_engine"), R"({"name":"toy"})", {});
    REQUIRE(made.has_value());
    return std::move(*made);
}

// A backend that is asked what `start` does with it.
struct asked {
    explicit asked(decltype(tw_question_v1::start) start) : table{sizeof(tw_question_v1), start} {
        auto created = backend::create(load_table<tw_backend_v1>("good", TW_BACKEND_V1), "good",
                                       std::make_unique<plugin_host>("good"), "{}");
        REQUIRE(created.has_value());
        made = std::move(*created);
        made->with_questions(table);
    }
    // The reply or the sentence, and how often one came.
    std::string ask() {
        const auto begun = made->ask("tokenize", "{}", [this](const result<std::string>& reply) {
            ++replies;
            heard = reply ? *reply : reply.error().message;
        });
        return begun ? heard : begun.error().message;
    }
    tw_question_v1 table;
    std::unique_ptr<backend> made;
    std::string heard;
    int replies = 0;
};

} // namespace

TEST_CASE("an engine without embeddings says so, and one with them states soundly what it takes") {
    const auto engine = toy();
    REQUIRE(engine->embedding().has_error());
    CHECK(engine->embedding().error().code == code::unsupported);
    engine->with_embeddings(scripted);
    CHECK(engine->embedding()->dimensions == 2);
    for (const auto bad : {0, -1, std::numeric_limits<std::int32_t>::max()}) {
        sizes.n_texts = bad;
        CHECK(engine->embedding().error().message ==
              "The plugin toy_engine broke the contract: its embeddings' n_texts is " + std::to_string(bad) + ".");
    }
    sizes.n_texts = 4;
}

TEST_CASE("a vector with something that is no number is the plugin's fault") {
    const auto engine = toy();
    engine->with_embeddings(scripted);
    const std::vector<std::vector<std::int32_t>> texts{{3, 4}, {5}};
    std::vector<float> out(4);
    REQUIRE(engine->embed(texts, *engine->embedding(), out).has_value());
    CHECK(out == std::vector<float>{3, 0.5F, 5, 0.5F});
    number = std::numeric_limits<float>::quiet_NaN();
    CHECK(engine->embed(texts, *engine->embedding(), out).error().code == code::internal);
    number = 0.5F;
}

TEST_CASE("a question has one reply, and a second one is nobody's") {
    asked once([](tw_backend*, tw_str what, tw_str json, const tw_reply* reply, tw_error*) -> tw_code {
        const auto both = std::string(what.data, what.size) + std::string(json.data, json.size);
        reply->done(reply, {both.data(), both.size()}, nullptr);
        reply->done(reply, {}, nullptr);
        return TW_OK;
    });
    CHECK(once.ask() == "tokenize{}");
    CHECK(once.replies == 1);
}

TEST_CASE("a question that fails has the plugin's sentence, at the start and later") {
    asked refused([](tw_backend*, tw_str, tw_str, const tw_reply*, tw_error* error) -> tw_code {
        fill(error, code::unsupported, "Not here.");
        return TW_UNSUPPORTED;
    });
    CHECK(refused.ask() == "Not here.");
    CHECK(refused.replies == 0);
    asked later([](tw_backend*, tw_str, tw_str, const tw_reply* reply, tw_error* error) -> tw_code {
        fill(error, code::busy, "Not now.");
        reply->done(reply, {}, error);
        return TW_OK;
    });
    CHECK(later.ask() == "Not now.");
    asked broken([](tw_backend*, tw_str, tw_str, const tw_reply* reply, tw_error*) -> tw_code {
        reply->done(reply, {nullptr, 5}, nullptr);
        return TW_OK;
    });
    CHECK(broken.ask() == "The plugin good broke the contract: a reply came without its text.");
}

TEST_CASE("a backend waits for the questions it was asked, and cancels them") {
    static std::thread worker;
    {
        asked slow([](tw_backend*, tw_str, tw_str, const tw_reply* reply, tw_error*) -> tw_code {
            worker = std::thread([reply] {
                while (reply->cancelled(reply) == 0) std::this_thread::yield();
                reply->done(reply, {}, nullptr);
            });
            return TW_OK;
        });
        CHECK(slow.ask().empty());
        slow.made.reset();
        CHECK(slow.replies == 1);
    }
    worker.join();
}
