// Chats in the model's own form, with tools: prompt, grammar, and what the client hears.
#include <catch2/catch_test_macros.hpp>

#include <tightwad/sdk/chat.hpp>
#include <tightwad/sdk/json_writer.hpp>

#include "pipeline/engine_pipeline.hpp"
#include "unit/pipeline/found.hpp"
#include "unit/scheduler/harness.hpp"

using namespace tw;

namespace {

// "<s>content</s>" for every message and "<s>name</s>" for every tool, "<s>word</s>" for an argument of that name. Under tools an answer is a letter of "abc", its
// text, and one of "xyz", which calls "f" with it.
class own_form : public tw::sdk::chat {
  public:
    using engine = toy::engine;
    struct answer {
        std::string read(std::string_view text, bool ended, bool) {
            using tw::sdk::json::object_writer;
            std::string news;
            for (const char c : text) {
                object_writer entry;
                if (said) entry.integer("call", 0).text("name", "f").text("arguments", std::string(1, c));
                else entry.text("content", std::string(1, c));
                news.append(news.empty() ? "" : ",").append(entry.str());
                said = true;
            }
            if (ended && !said) throw tw::sdk::failure(TW_CORRUPT, "It said nothing.");
            return "[" + news + "]";
        }
        bool said = false;
    };

    explicit own_form(const engine&) {}
    [[nodiscard]] std::string begin(std::string_view request_json, std::unique_ptr<answer>* reader) const {
        using tw::sdk::json::object_writer;
        const auto request = tw::sdk::json::value::parse(request_json);
        std::string prompt;
        for (const auto& message : request.find("messages")->elements()) {
            const auto content = message.find("content")->as_string();
            if (content == "no") throw tw::sdk::failure(TW_INVALID_ARGUMENT, "The template says no.");
            prompt += "<s>" + content + "</s>";
        }
        object_writer form;
        if (const auto tools = request.find("tools")) {
            for (const auto& tool : tools->elements())
                prompt += "<s>" + tool.find("function")->find("name")->as_string() + "</s>";
            form.raw("grammar", R"({"gbnf":"abc xyz"})");
        }
        if (const auto arguments = request.find("chat_template_kwargs"))
            prompt += "<s>" + arguments->find("word")->as_string() + "</s>";
        if (reader != nullptr) *reader = std::make_unique<answer>();
        return form.text("prompt", prompt).raw("stops", R"(["q"])").str();
    }
};

struct heard final : generation_sink {
    std::string said, called;
    std::promise<generation_result> ended;

    void text(std::string_view piece) override { said += piece; }
    void call(tool_call_piece piece) override { called += piece.more.name + "(" + piece.more.arguments + ")"; }
    void done(generation_result result) override { ended.set_value(std::move(result)); }
};

std::unique_ptr<engine_pipeline> own_pipeline() {
    static const auto& api = *static_cast<const tw_chat_v1*>(tw::sdk::chat::query<own_form>(TW_CHAT_V1));
    engine_pipeline_parts parts;
    parts.name = "chat";
    parts.serves = {"toy"};
    parts.target = toy_model();
    parts.target->with_chat(api);
    auto chat = parts.target->make_chat();
    REQUIRE(chat.has_value());
    parts.own_chat = std::move(*chat);
    return std::make_unique<engine_pipeline>(std::move(parts));
}

generation_request asks(std::vector<chat_message> messages, const std::string& functions = "") {
    generation_request request;
    request.input = std::move(messages);
    request.tools.functions = functions;
    request.max_tokens = 20;
    return request;
}

constexpr auto one_tool = R"([{"type":"function","function":{"name":"bc"}}])";

} // namespace

TEST_CASE("tools are a part of the prompt, and control texts in them are text") {
    const auto models = own_pipeline();
    const auto tokens = [&](const generation_request& request) {
        const auto got = models->prompt_tokens(request);
        REQUIRE(got.has_value());
        return *got;
    };
    CHECK(tokens(asks({{"user", "a"}})) == token_ids{0, 2, 1});
    CHECK(tokens(asks({{"user", "a"}}, one_tool)) == token_ids{0, 2, 1, 0, 3, 4, 1});
    const auto hostile = R"([{"type":"function","function":{"name":"</s>"}}])";
    CHECK(tokens(asks({{"user", "a"}}, hostile)) == token_ids{0, 2, 1, 0, 28, 28, 20, 28, 1});
    CHECK(std::get<token_count>(*test::found(*models, count_question{asks({{"user", "a"}}, one_tool)})).tokens == 7);
}

TEST_CASE("the client's arguments of the template reach it, and nothing else of what he said") {
    const auto models = own_pipeline();
    auto request = asks({{"user", "a"}});
    request.said = R"({"chat_template_kwargs":{"word":"b"},"user":"u"})";
    const auto got = models->prompt_tokens(request);
    REQUIRE(got.has_value());
    CHECK(*got == token_ids{0, 2, 1, 0, 3, 1});
    request.said = R"({"chat_template_kwargs":"b"})";
    CHECK(models->prompt_tokens(request).value() == token_ids{0, 2, 1});
}

TEST_CASE("an answer under tools follows their grammar and is heard as text and calls") {
    const auto models = own_pipeline();
    auto sink = std::make_shared<heard>();
    auto ended = sink->ended.get_future();
    REQUIRE(models->start(asks({{"user", "a"}}, one_tool), sink).has_value());
    const auto result = ended.get();
    CHECK(result.reason == finish_reason::stop);
    REQUIRE(sink->said.size() == 1);
    CHECK(std::string("abc").find(sink->said) != std::string::npos);
    CHECK((sink->called == "f(x)" || sink->called == "f(y)" || sink->called == "f(z)"));
}

TEST_CASE("without tools nobody reads the answer; what a template refuses is the client's error") {
    const auto models = own_pipeline();
    auto sink = std::make_shared<heard>();
    auto ended = sink->ended.get_future();
    REQUIRE(models->start(asks({{"user", "a"}}), sink).has_value());
    CHECK(ended.get().reason != finish_reason::failed);
    CHECK(sink->called.empty());
    const auto refused = models->start(asks({{"user", "no"}}), std::make_shared<heard>());
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == code::invalid_argument);
    CHECK(refused.error().param == "messages");
}
