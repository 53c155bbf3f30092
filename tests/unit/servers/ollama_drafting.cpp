// The ollama plugin as a drafter: its model's tokens, a prompt made of them, recorded answers cut at every byte.
#include "plugins/ollama/ollama.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

#include <tightwad/sdk/json.hpp>

#include "played.hpp"

using namespace tw::test;
using Catch::Matchers::ContainsSubstring;
using tw::sdk::json::value;

namespace {

const std::string table = R"({"url":"http://den:11434","model":"stories","context":8192,"keep_alive":"30m"})";

// As Ollama writes it: Go escapes < and >.
std::string shown(const std::string& info) {
    return R"({"license":"MIT","model_info":{"general.architecture":"llama","llama.context_length":4096,)" + info +
           R"(},"tensors":[{"name":"output.weight","type":"Q8_0","shape":[2,2]}],"capabilities":["completion"]})";
}
const std::string spaced = shown(
    R"("tokenizer.ggml.model":"llama","tokenizer.ggml.bos_token_id":1,"tokenizer.ggml.scores":[0,0.5,-1e9],)"
    R"("tokenizer.ggml.tokens":["\u003cunk\u003e","\u003cs\u003e","\u003c/s\u003e","\u003c0x0A\u003e","\u003c0x41\u003e","A","▁Once","▁up","on",)"
    R"("\u003c0xC3\u003e","é","[T]","▁x"," x"],"tokenizer.ggml.token_type":[2,3,3,6,6,1,1,1,1,6,1,4,1,4])");

std::string piece(const std::string& rest) { return R"({"model":"stories","created_at":"2025-01-01T00:00:00Z",)" + rest + "}\n"; }
const std::string last_line = piece(R"("response":"","done":true,"done_reason":"length","prompt_eval_count":3,"eval_count":3)");

struct drafting {
    explicit drafting(const std::string& told = spaced, const std::string& options = table) : server(options) {
        known = server.question("vocabulary", "{}", whole(told));
    }
    continued go_on(const std::vector<std::int32_t>& prompt, std::string body) { return server.go_on(prompt, 9, whole(std::move(body))); }
    // The prompt that Ollama is sent for these tokens.
    std::string prompt(const std::vector<std::int32_t>& tokens) {
        REQUIRE(go_on(tokens, last_line).code == TW_OK);
        return value::parse(server.last().body).find("prompt")->as_string();
    }

    played<ollama::server> server;
    outcome known;
};

} // namespace

TEST_CASE("Ollama: its model's tokens are told by what they add to an answer") {
    drafting here;
    CHECK(here.known.text == R"({"tokens":14,"context":4096,"pieces":["<unk>","<s>","</s>","\u000a","A","A"," Once"," up","on",[195],"é","[T]"," x"," x"]})");
    CHECK(here.server.last().url == "http://den:11434/api/show");
    CHECK(here.server.last().body == R"({"model":"stories","verbose":true})");
    drafting pairs(shown(R"("tokenizer.ggml.model":"gpt2","tokenizer.ggml.tokens":["Ġhello","Ċ","ł","Ã©","<|é|>","ſ"],)"
                         R"("tokenizer.ggml.token_type":[1,1,1,1,3,1])"),
                   R"({"model":"stories"})");
    CHECK(pairs.known.text == R"({"tokens":6,"context":2048,"pieces":[" hello","\u000a",[160],"é","<|é|>","ſ"]})");
}

TEST_CASE("Ollama: a vocabulary that cannot be compared is one sentence and the right code") {
    const auto told = [](const std::string& info) { return drafting(shown(info)).known; };
    CHECK(told(R"("tokenizer.ggml.model":"llama","tokenizer.ggml.tokens":null)").sentence ==
          "The Ollama does not tell the tokens of its model (POST /api/show, verbose), so it cannot be compared with a target.");
    CHECK(told(R"("tokenizer.ggml.model":"bert","tokenizer.ggml.tokens":["a"])").end.code == TW_UNSUPPORTED);
    CHECK(told(R"("tokenizer.ggml.model":"llama","tokenizer.ggml.tokens":["a"],"tokenizer.ggml.token_type":[1,1])").end.code == TW_CORRUPT);
    CHECK(told(R"("tokenizer.ggml.model":"llama","tokenizer.ggml.tokens":["<0xZZ>"],"tokenizer.ggml.token_type":[6])").end.code == TW_CORRUPT);
    CHECK(told(R"("tokenizer.ggml.model":"llama","tokenizer.ggml.tokens":[7])").end.code == TW_CORRUPT);
    CHECK(told(R"("tokenizer.ggml.model":"llama","tokenizer.ggml.tokens":["a",)").end.code == TW_CORRUPT);
    std::string many = R"("tokenizer.ggml.model":"llama","tokenizer.ggml.tokens":[""])";
    many.insert(many.size() - 1, [] {
        std::string out;
        for (int i = 0; i < 1 << 20; ++i) out += ",\"\"";
        return out;
    }());
    CHECK(told(many).sentence == "The Ollama tells more than 1048576 tokens.");
}

TEST_CASE("Ollama: it goes on from tokens by their text, wherever its bytes are cut") {
    drafting here;
    const auto stream =
        piece(R"("response":" up","done":false,"logprobs":[{"token":" up","logprob":-0.25,"bytes":[32,117,112],)"
              R"("top_logprobs":[{"token":" up","logprob":-0.25},{"token":"on","logprob":-1.75}]}])") +
        piece(R"("response":"\né","done":false,"logprobs":[{"token":"\n","logprob":-1,"bytes":[10]},{"token":"é","logprob":-1,"top_logprobs":[]}])") +
        last_line;
    for (std::size_t at = 0; at <= stream.size(); ++at) {
        INFO("cut before byte " << at);
        REQUIRE(here.server.go_on({1, 6, 7, 8}, 3, tw::testkit::scripted_answer::cut(stream, at)) ==
                continued{{7, 3, 10}, {1.5F, -1, -1}, "", TW_OK});
    }
    CHECK(here.server.last().url == "http://den:11434/api/generate");
    CHECK(here.server.last().body ==
          R"({"model":"stories","prompt":"Once upon","raw":true,"stream":true,"logprobs":true,"top_logprobs":2,"keep_alive":"30m",)"
          R"("options":{"temperature":0,"num_predict":3,"repeat_penalty":1,"presence_penalty":0,"frequency_penalty":0,"stop":[],"num_ctx":8192}})");
}

TEST_CASE("Ollama: a prompt says what Ollama makes the same tokens of") {
    drafting here;
    CHECK(here.prompt({6, 7}) == "Once up");       // the space before a text is Ollama's own
    CHECK(here.prompt({1, 2, 6, 11, 7, 7}) == "</s>Once[T]up up"); // and behind what is no text
    CHECK(here.prompt({1, 8, 3, 1}) == "on\n<s>"); // only the first one is Ollama's
    drafting bare(shown(R"("tokenizer.ggml.model":"gpt2","tokenizer.ggml.tokens":["Ġa","<s>"],"tokenizer.ggml.token_type":[1,3],)"
                        R"("tokenizer.ggml.bos_token_id":1,"tokenizer.ggml.add_bos_token":false)"));
    CHECK(bare.prompt({1, 0}) == "<s> a");
}

TEST_CASE("Ollama: what is not the text of one token alone ends the draft, and is no error") {
    drafting here;
    const auto drafted = [&](const std::string& rest) {
        return here.go_on({1, 6}, piece(R"("response":"on","done":false)") + piece(rest + R"(,"done":false)") +
                                      piece(R"("response":"on","done":false)") + last_line);
    };
    const continued cut{{8}, {-1}, "", TW_OK};
    CHECK(drafted(R"("response":"A")").tokens == std::vector<std::int32_t>{8, 5, 8}); // a byte's token stands back
    CHECK(drafted(R"("response":"on up")") == cut);
    CHECK(drafted(R"("response":" x")") == cut);
    CHECK(drafted(R"("response":"�","logprobs":[{"token":"�","logprob":-1}])") == cut);
    CHECK(drafted(R"("response":"","thinking":"on")") == cut);
    CHECK(drafted(R"("response":"","logprobs":[{"token":"�","bytes":[195]}])").tokens == std::vector<std::int32_t>{8, 9, 8});
}

TEST_CASE("Ollama: where a prompt is no text nothing is asked and nothing drafted") {
    drafting here;
    const auto before = here.server.host.servers.seen().size();
    for (const auto& prompt : std::vector<std::vector<std::int32_t>>{{1, 6, 9}, {1}, {14}, {-1}})
        CHECK(here.go_on(prompt, last_line) == continued{{}, {}, "", TW_OK});
    CHECK(here.server.host.servers.seen().size() == before);
}

TEST_CASE("Ollama: what is no draft is one sentence and the right code") {
    played<ollama::server> unasked(table);
    CHECK(unasked.go_on({1, 6}, 9, whole("")).sentence == "The vocabulary of the Ollama's model is not known yet.");
    drafting here;
    auto heard = here.go_on({1, 6}, piece(R"("response":"on","done":false)"));
    CHECK(heard == continued{{8}, {-1}, "The Ollama broke off while it drafted.", TW_UNAVAILABLE});
    CHECK(here.go_on({1, 6}, "garbage\n").code == TW_CORRUPT);
    CHECK(here.go_on({1, 6}, "[1]\n").code == TW_CORRUPT);
    heard = here.go_on({1, 6}, R"({"error":"the runner died"})" "\n");
    CHECK(heard.code == TW_UNAVAILABLE);
    CHECK_THAT(heard.sentence, ContainsSubstring("while it drafted") && ContainsSubstring("the runner died"));
    CHECK(here.server.go_on({1, 6}, 9, whole(R"({"error":"model 'stories' not found"})", 404)).code == TW_NOT_FOUND);
}
