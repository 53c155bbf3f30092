// The ollama plugin: what is asked, and recorded answers cut at every byte.
#include "plugins/ollama/ollama.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

#include <tightwad/sdk/json.hpp>

#include "played.hpp"

using namespace tw::test;
using Catch::Matchers::ContainsSubstring;
using tw::sdk::json::value;

namespace {

const std::string table = R"({"url":"http://den:11434/api/","model":"qwen2.5:0.5b","context":8192,"keep_alive":"30m"})";

// In the form of Ollama's API documentation.
const std::string chat_answer =
    R"({"model":"qwen2.5:0.5b","created_at":"2025-01-01T00:00:00.1Z","message":{"role":"assistant","content":"Grü"},"done":false})" "\n"
    R"({"model":"qwen2.5:0.5b","created_at":"2025-01-01T00:00:00.2Z","message":{"role":"assistant","content":"ße"},"done":false})" "\n"
    R"({"model":"qwen2.5:0.5b","created_at":"2025-01-01T00:00:00.3Z","message":{"role":"assistant","content":""},"done_reason":"length","done":true,"total_duration":4883583458,"load_duration":1334875,"prompt_eval_count":26,"prompt_eval_duration":342546000,"eval_count":2,"eval_duration":4535599000})" "\n";

const std::string generate_answer =
    R"({"model":"qwen2.5:0.5b","created_at":"2025-01-01T00:00:00.1Z","response":" upon","done":false})" "\n"
    R"({"model":"qwen2.5:0.5b","created_at":"2025-01-01T00:00:00.2Z","response":" a time","done":false})" "\n"
    R"({"model":"qwen2.5:0.5b","created_at":"2025-01-01T00:00:00.3Z","response":"","done":true,"done_reason":"stop","context":[1,2],"prompt_eval_count":2,"eval_count":3})" "\n";

const std::string tags = R"({"models":[{"name":"qwen2.5:0.5b","size":1},{"name":"llama3.2:latest","size":2}]})";

} // namespace

TEST_CASE("Ollama: a chat, wherever its bytes are cut") {
    played<ollama::server> server(table);
    const auto heard = server.ask_split(sample_chat, chat_answer);
    CHECK(heard.text == "Grüße");
    CHECK(heard.end == tw::testkit::recorder::ending{TW_OK, TW_FINISH_LENGTH, 26, 2, 0});
    const auto asked = server.last();
    CHECK(asked.url == "http://den:11434/api/chat");
    const auto body = value::parse(asked.body);
    CHECK(body.find("model")->as_string() == "qwen2.5:0.5b");
    CHECK(body.find("stream")->as_boolean());
    CHECK(body.find("keep_alive")->as_string() == "30m");
    CHECK(body.find("messages")->raw() == R"([{"role":"user","content":"Hi"}])");
    const auto options = *body.find("options");
    CHECK(options.find("temperature")->as_number() == 0.5);
    CHECK(options.find("num_predict")->as_integer() == 9);
    CHECK(options.find("num_ctx")->as_integer() == 8192);
    CHECK(options.find("stop")->raw() == R"(["x"])");
    CHECK(options.find("seed")->as_integer() == small_seed);
}

TEST_CASE("Ollama: tools, forms and log probabilities in its own words, wherever the bytes are cut") {
    played<ollama::server> server(table);
    const auto answer =
        R"({"message":{"role":"assistant","content":"So"},"logprobs":[{"token":"So","logprob":-1}],"done":false})" "\n"
        R"({"message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},"done":false})" "\n"
        R"({"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":1,"eval_count":2})" "\n";
    const auto heard = server.ask_split(R"({"messages":[{"role":"user","content":"x"},
        {"role":"assistant","content":"","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":0}"}}]},
        {"role":"tool","content":"ok","tool_call_id":"c","name":"f"}],
        "tools":[{"type":"function"}],"tool_choice":"auto","parallel_tool_calls":true,"logprobs":true,"top_logprobs":2,
        "response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"}}}})", answer);
    CHECK(heard.text == "So");
    CHECK(heard.beside == R"({"logprobs":{"content":[{"token":"So","logprob":-1}]}})" "\n"
                          R"({"tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]})" "\n");
    const auto body = value::parse(server.last().body);
    CHECK(body.find("messages")->raw() == R"([{"role":"user","content":"x"},{"role":"assistant","content":"","tool_calls":)"
                                          R"([{"function":{"name":"f","arguments":{"a":0}}}]},{"role":"tool","content":"ok","tool_name":"f"}])");
    CHECK(body.find("tools")->raw() == R"([{"type":"function"}])");
    CHECK(body.find("format")->raw() == R"({"type":"object"})");
    CHECK(body.find("logprobs")->as_boolean());
    CHECK(body.find("top_logprobs")->as_integer() == 2);
    CHECK_FALSE(body.find("tool_choice"));
    for (const auto* refused : {R"({"messages":[],"tool_choice":"required"})", R"({"messages":[],"parallel_tool_calls":false})",
                                R"({"prompt":"x","grammar":"root ::= \"a\""})"})
        CHECK(server.ask(refused, whole("")).end.code == TW_UNSUPPORTED);
}

TEST_CASE("Ollama: whether to think is its to hear") {
    played<ollama::server> server(table);
    server.ask(R"({"messages":[],"think":"high"})", whole(chat_answer));
    CHECK(value::parse(server.last().body).find("think")->as_string() == "high");
    server.ask(sample_chat, whole(chat_answer));
    CHECK_FALSE(value::parse(server.last().body).find("think"));
}

TEST_CASE("Ollama: a result that names its call alone gets the function's name, and thoughts come back") {
    played<ollama::server> server(table);
    const auto heard = server.ask_split(R"({"messages":[{"role":"user","content":"x","name":"ann"},{"role":"assistant","content":"","tool_calls":[
        {"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":"{}"}}]},
        {"role":"tool","content":"1","tool_call_id":"b"},{"role":"tool","content":"2","tool_call_id":"a"},
        {"role":"tool","content":"3","tool_call_id":"lost"}],"repeat_last_n":8})",
        R"({"message":{"role":"assistant","content":"","thinking":"Hm"},"done":false})" "\n"
        R"({"message":{"role":"assistant","content":"Yes"},"done":false})" "\n"
        R"({"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"})" "\n");
    CHECK(heard.text == "Yes");
    CHECK(heard.beside == R"({"reasoning_content":"Hm"})" "\n");
    const auto body = value::parse(server.last().body);
    const auto messages = body.find("messages")->elements();
    REQUIRE(messages.size() == 5);
    CHECK(messages[0].raw() == R"({"role":"user","content":"x"})");
    CHECK(messages[2].raw() == R"({"role":"tool","content":"1","tool_name":"g"})");
    CHECK(messages[3].raw() == R"({"role":"tool","content":"2","tool_name":"f"})");
    CHECK(messages[4].raw() == R"({"role":"tool","content":"3"})");
    CHECK(body.find("options")->find("repeat_last_n")->as_integer() == 8);
    CHECK(server.question("health", "{}", whole(R"({"version":"0.12.11"})")).text == R"({"version":"0.12.11"})");
    CHECK(server.last().url == "http://den:11434/api/version");
}

TEST_CASE("Ollama: what /api/show tells of the model is told for the status") {
    played<ollama::server> server(table);
    CHECK(server.question("about", "{}", whole(R"({"modelfile":"FROM x","details":{"family":"qwen2","parameter_size":"494.03M","quantization_level":"Q4_K_M"},
        "model_info":{"general.architecture":"qwen2","qwen2.context_length":32768},"capabilities":["completion","tools"]})")).text ==
          R"({"context":32768,"capabilities":["completion","tools"],"parameters":"494.03M","quantization":"Q4_K_M"})");
    CHECK(server.last().url == "http://den:11434/api/show");
    CHECK(server.last().body == R"({"model":"qwen2.5:0.5b"})");
    CHECK(server.question("about", "{}", whole("{}")).text == "{}");
}

TEST_CASE("Ollama: images stand beside the text, and only those that are in the request") {
    played<ollama::server> server(table);
    const auto asked = [&](const std::string& url) {
        return server.ask(R"({"messages":[{"role":"system","content":"See."},{"role":"user","content":[{"type":"text","text":"What is"},)"
                          R"({"type":"image_url","image_url":{"url":")" + url + R"("}},{"type":"text","text":"it?"}]}]})",
                          whole(chat_answer));
    };
    CHECK(asked("data:image/png;base64,iVBORw0KGgo=").end.code == TW_OK);
    CHECK(value::parse(server.last().body).find("messages")->raw() ==
          R"([{"role":"system","content":"See."},{"role":"user","content":"What is\u000ait?","images":["iVBORw0KGgo="]}])");
    CHECK(asked("https://example.org/cat.png").end.code == TW_UNSUPPORTED);
    CHECK(server.ask(R"({"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]}]})",
                     whole("")).sentence == "Ollama takes no audio in chats.");
}

TEST_CASE("Ollama: a completion goes without a template, wherever its bytes are cut") {
    played<ollama::server> server(table);
    const auto heard = server.ask_split(sample_completion, generate_answer);
    CHECK(heard.text == " upon a time");
    CHECK(heard.end == tw::testkit::recorder::ending{TW_OK, TW_FINISH_STOP, 2, 3, 0});
    CHECK(server.last().url == "http://den:11434/api/generate");
    const auto body = value::parse(server.last().body);
    CHECK(body.find("raw")->as_boolean());
    CHECK(body.find("prompt")->as_string() == "Once");
    CHECK(body.find("options")->find("repeat_penalty")->as_number() == 1.1);
    CHECK(server.ask(R"({"prompt":"f(","suffix":"]"})", whole(generate_answer)).text == " upon a time");
    CHECK(value::parse(server.last().body).find("suffix")->as_string() == "]");
    CHECK_FALSE(value::parse(server.last().body).find("raw")); // the model's template puts both together
}

TEST_CASE("Ollama: a last line without its end is read all the same") {
    played<ollama::server> server(table);
    CHECK(server.ask(sample_chat, whole(chat_answer.substr(0, chat_answer.size() - 1))).end.code == TW_OK);
}

TEST_CASE("Ollama: a model that is not there is said at the start, with those that are") {
    const std::string version = R"({"version":"0.12.11"})";
    played<ollama::server> there(table, {whole(version), whole(tags)});
    CHECK(there.code == TW_OK);
    CHECK_THAT(there.logged(), ContainsSubstring("event=server url=http://den:11434 ollama=\"0.12.11\" models=2"));
    played<ollama::server> untagged(R"({"url":"http://den:11434","model":"llama3.2"})", {whole(version), whole(tags)});
    CHECK(untagged.code == TW_OK);
    played<ollama::server> other(R"({"url":"http://den:11434","model":"qwen3"})", {whole(version), whole(tags)});
    CHECK(other.code == TW_NOT_FOUND);
    CHECK(other.sentence == "The Ollama at http://den:11434 has no model \"qwen3\"; it has qwen2.5:0.5b, llama3.2:latest. "
                            "Fetch it there with `ollama pull qwen3`.");
    played<ollama::server> absent(table);
    CHECK(absent.code == TW_OK);
    CHECK_THAT(absent.logged(), ContainsSubstring("event=server_not_ready"));
    played<ollama::server> stranger(table, {whole("{}"), whole("{}")});
    CHECK(stranger.code == TW_OK);
    CHECK_THAT(stranger.logged(), ContainsSubstring("is no Ollama"));
}

TEST_CASE("Ollama: what it cannot do is refused before it is asked") {
    played<ollama::server> server(table);
    const auto before = server.host.servers.seen().size();
    CHECK(server.ask(R"({"prompt":[1,2]})", whole("")).end.code == TW_UNSUPPORTED);
    CHECK(server.ask(R"({"prompt":"x","logit_bias":{"1":2}})", whole("")).end.code == TW_UNSUPPORTED);
    CHECK(server.host.servers.seen().size() == before);
}

TEST_CASE("Ollama: refusals and faults are one sentence and the right code") {
    played<ollama::server> server(table);
    auto heard = server.ask(sample_chat, whole(R"({"error":"model 'qwen2.5:0.5b' not found"})", 404));
    CHECK(heard.end.code == TW_NOT_FOUND);
    CHECK_THAT(heard.sentence, ContainsSubstring("HTTP status 404: model 'qwen2.5:0.5b' not found"));
    heard = server.ask(sample_chat, whole(chat_answer.substr(0, chat_answer.find('\n') + 20)));
    CHECK(heard.text == "Grü");
    CHECK(heard.end.code == TW_CORRUPT);
    heard = server.ask(sample_chat, whole(chat_answer.substr(0, chat_answer.find('\n') + 1)));
    CHECK(heard.end.code == TW_UNAVAILABLE);
    CHECK_THAT(heard.sentence, ContainsSubstring("broke off in the middle"));
    CHECK(server.ask(sample_chat, whole("garbage\n")).end.code == TW_CORRUPT);
    heard = server.ask(sample_chat, whole(chat_answer.substr(0, chat_answer.find('\n') + 1) + R"({"error":"the runner died"})" "\n"));
    CHECK(heard.text == "Grü");
    CHECK(heard.end.code == TW_UNAVAILABLE);
    CHECK(heard.sentence == "Ollama failed in the middle of its answer: the runner died");
}

TEST_CASE("ollama: embeddings go to /api/embed, in texts, and come back in OpenAI's form") {
    played<ollama::server> server(R"({"model":"nomic","context":64,"keep_alive":"5m"})");
    const auto heard = server.question("embeddings", R"({"input":["a","b"],"truncate":false,"dimensions":2})",
                                       whole(R"({"model":"nomic","embeddings":[[0.1,-2e-3],[1,0]],"total_duration":1,"prompt_eval_count":4})"));
    CHECK(heard.text == R"({"data":[{"embedding":[0.1,-2e-3]},{"embedding":[1,0]}],"usage":{"prompt_tokens":4}})");
    CHECK(server.last().url == "http://127.0.0.1:11434/api/embed");
    CHECK(server.last().body ==
          R"({"model":"nomic","input":["a","b"],"truncate":false,"dimensions":2,"keep_alive":"5m","options":{"num_ctx":64}})");
    CHECK(server.question("embeddings", R"({"input":[[1]]})", whole("{}")).end.code == TW_UNSUPPORTED);
    CHECK(server.question("embeddings", R"({"input":["a"]})", whole("{}")).end.code == TW_CORRUPT);
    CHECK(server.question("embeddings", R"({"input":["a"]})", whole("nothing")).end.code == TW_CORRUPT);
    CHECK(server.question("tokenize", "{}", whole("{}")).sentence ==
          "Ollama makes embeddings and answers; it cannot be asked for tokenize.");
}
