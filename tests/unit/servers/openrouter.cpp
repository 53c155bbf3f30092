// The openrouter plugin: what is asked, answers in the form of the documentation cut at every byte, prices and costs.
#include "plugins/openrouter/openrouter.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

#include "played.hpp"

using namespace tw::test;
using Catch::Matchers::ContainsSubstring;
using tw::sdk::json::value;

namespace {

const std::string table = R"({"model":"qwen/qwen3-32b","provider_order":"DeepInfra, Together","data_collection":"deny","allow_fallbacks":false})";
const std::map<std::string, std::string> key{{"api_key", "sk-hush"}};

const std::string chat_answer =
    ": OPENROUTER PROCESSING\n\n"
    R"(data: {"id":"gen-1","provider":"DeepInfra","model":"qwen/qwen3-32b","object":"chat.completion.chunk","created":1,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null,"native_finish_reason":null,"logprobs":null}]})" "\n\n"
    R"(data: {"id":"gen-1","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning":"Let me think"},"finish_reason":null}]})" "\n\n"
    R"(data: {"id":"gen-1","choices":[{"index":0,"delta":{"role":"assistant","content":"Grüße"},"finish_reason":null}]})" "\n\n"
    R"(data: {"id":"gen-1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop","native_finish_reason":"stop"}]})" "\n\n"
    R"(data: {"id":"gen-1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":{"prompt_tokens":10,"completion_tokens":4,"total_tokens":14,"cost":0.00015,"cost_details":{"upstream_inference_cost":null}}})" "\n\n"
    "data: [DONE]\n\n";

const std::string completion_answer =
    ": OPENROUTER PROCESSING\n\n"
    R"(data: {"id":"gen-2","provider":"Together","model":"qwen/qwen3-32b","object":"chat.completion.chunk","created":1,"choices":[{"index":0,"text":" upon a","finish_reason":null,"native_finish_reason":null}]})" "\n\n"
    R"(data: {"id":"gen-2","choices":[{"index":0,"text":" \u00fcber-time","finish_reason":"length","native_finish_reason":"length"}]})" "\n\n"
    R"(data: {"id":"gen-2","choices":[{"index":0,"text":"","finish_reason":null}],"usage":{"prompt_tokens":2,"completion_tokens":4,"total_tokens":6,"cost":0.00002}})" "\n\n"
    "data: [DONE]\n\n";

const std::string tool_answer =
    R"(data: {"id":"gen-3","provider":"DeepInfra","choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":""}}]},"finish_reason":null}]})" "\n\n"
    R"(data: {"id":"gen-3","choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"type":"function","function":{"arguments":"{\"city\":\"Zürich\"}"}}]},"finish_reason":null}]})" "\n\n"
    R"(data: {"id":"gen-3","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"tool_calls","native_finish_reason":"tool_calls"}]})" "\n\n"
    R"(data: {"id":"gen-3","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":{"prompt_tokens":30,"completion_tokens":9,"total_tokens":39,"cost":0.0001}})" "\n\n"
    "data: [DONE]\n\n";

const std::string broken_answer =
    R"(data: {"id":"gen-4","provider":"DeepInfra","choices":[{"index":0,"delta":{"role":"assistant","content":"Grüße"},"finish_reason":null}]})" "\n\n"
    R"(data: {"id":"gen-4","object":"chat.completion.chunk","created":1,"model":"qwen/qwen3-32b","provider":"DeepInfra","error":{"code":502,"message":"Provider disconnected unexpectedly"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]})" "\n\n";

const std::string models = R"({"data":[{"id":"other/model"},{"id":"qwen/qwen3-32b","name":"Qwen3 32B","pricing":{"prompt":"0.0000001","completion":"0.0000003","request":"0"}}]})";

} // namespace

TEST_CASE("cloud: a chat, wherever its bytes are cut, and its cost") {
    played<openrouter::cloud> server(table, {}, key);
    const auto heard = server.ask_split(sample_chat, chat_answer);
    CHECK(heard.text == "Grüße");
    CHECK(heard.beside == R"({"extra":{"answer":{"provider":"DeepInfra"}}})" "\n"
                          R"({"reasoning_content":"Let me think"})" "\n"
                          R"({"extra":{"choice":{"native_finish_reason":"stop"}}})" "\n"
                          R"({"usage":{"cost":0.00015,"cost_details":{"upstream_inference_cost":null}}})" "\n");
    CHECK(heard.end == tw::testkit::recorder::ending{TW_OK, TW_FINISH_STOP, 10, 4, 0});
    CHECK_THAT(server.logged(), ContainsSubstring("event=answer_cost model=\"qwen/qwen3-32b\" usd=0.000150"));
    const auto asked = server.last();
    CHECK(asked.url == "https://openrouter.ai/api/v1/chat/completions");
    CHECK(asked.flags == flags_of_cloud); // every answer costs: never sent twice
    bool keyed = false;
    for (const auto& [name, words] : asked.headers) keyed = keyed || (name == "Authorization" && words == "Bearer sk-hush");
    CHECK(keyed);
    const auto body = value::parse(asked.body);
    CHECK(body.find("model")->as_string() == "qwen/qwen3-32b");
    CHECK(body.find("provider")->raw() == R"({"order":["DeepInfra","Together"],"data_collection":"deny","allow_fallbacks":false})");
    CHECK(body.find("usage")->raw() == R"({"include":true})");
    CHECK(server.logged().find("sk-hush") == std::string::npos);
}

TEST_CASE("cloud: a completion, wherever its bytes are cut") {
    played<openrouter::cloud> server(table, {}, key);
    const auto heard = server.ask_split(sample_completion, completion_answer);
    CHECK(heard.text == " upon a über-time");
    CHECK(heard.end == tw::testkit::recorder::ending{TW_OK, TW_FINISH_LENGTH, 2, 4, 0});
    CHECK(server.last().url == "https://openrouter.ai/api/v1/completions");
    CHECK(value::parse(server.last().body).find("prompt")->as_string() == "Once");
}

TEST_CASE("cloud: tools are passed on and calls come back, wherever the bytes are cut") {
    played<openrouter::cloud> server(table, {}, key);
    const auto heard = server.ask_split(R"({"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function"}],"tool_choice":"required"})",
                                        tool_answer);
    CHECK(heard.text.empty());
    CHECK(heard.beside ==
          R"({"extra":{"answer":{"provider":"DeepInfra"}}})" "\n"
          R"({"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":""}}]})" "\n"
          R"({"tool_calls":[{"index":0,"type":"function","function":{"arguments":"{\"city\":\"Zürich\"}"}}]})" "\n"
          R"({"extra":{"choice":{"native_finish_reason":"tool_calls"}}})" "\n" R"({"usage":{"cost":0.0001}})" "\n");
    CHECK(heard.end.code == TW_OK);
    CHECK(heard.end.completion_tokens == 9);
    const auto body = value::parse(server.last().body);
    CHECK(body.find("tools")->raw() == R"([{"type":"function"}])");
    CHECK(body.find("tool_choice")->as_string() == "required");
}

TEST_CASE("cloud: an error within a stream ends it with its sentence, wherever the bytes are cut") {
    played<openrouter::cloud> server(table, {}, key);
    const auto heard = server.ask_split(sample_chat, broken_answer);
    CHECK(heard.text == "Grüße");
    CHECK(heard.end.code == TW_UNAVAILABLE);
    CHECK_THAT(heard.sentence, ContainsSubstring("(HTTP status 502: Provider disconnected unexpectedly)"));
}

TEST_CASE("cloud: the most tokens go up by the word that the client used, or that the cloud knows") {
    const auto sent = [](const std::string& how, const std::string& fields) {
        played<openrouter::cloud> server(how, {}, key);
        server.ask(R"({"messages":[],"max_tokens":9)" + fields + "}", whole(chat_answer));
        const auto body = value::parse(server.last().body);
        return std::string(body.find("max_tokens") ? "older" : "") + (body.find("max_completion_tokens") ? "newer" : "");
    };
    const std::string other = R"({"url":"https://api.example.com/v1/","model":"m"})";
    CHECK(sent(other, "") == "older");
    CHECK(sent(other, R"(,"max_completion_tokens":9)") == "newer");
    CHECK(sent(R"({"url":"https://api.openai.com/v1","model":"m"})", "") == "newer");
}

TEST_CASE("cloud: the client's own fields travel, and where the operator has decided he is not overruled") {
    played<openrouter::cloud> server(table, {}, key);
    server.ask(R"({"messages":[],"think":true,"reasoning_effort":"low","user":"u","usage":{"include":false},
        "provider":{"only":["DeepInfra"],"data_collection":"allow","allow_fallbacks":true}})", whole(chat_answer));
    const auto body = value::parse(server.last().body);
    CHECK(body.find("reasoning_effort")->as_string() == "low");
    CHECK(body.find("user")->as_string() == "u");
    CHECK_FALSE(body.find("think")); // an Ollama's alone
    CHECK(body.find("usage")->raw() == R"({"include":true})");
    CHECK(body.find("provider")->raw() ==
          R"({"only":["DeepInfra"],"order":["DeepInfra","Together"],"data_collection":"deny","allow_fallbacks":false})");
    played<openrouter::cloud> open(R"({"model":"m"})", {}, key);
    open.ask(R"({"messages":[],"provider":{"sort":"price"}})", whole(chat_answer));
    CHECK(value::parse(open.last().body).find("provider")->raw() == R"({"sort":"price"})");
}

TEST_CASE("cloud: another one gets no fields that only OpenRouter knows") {
    played<openrouter::cloud> server(R"({"url":"https://api.example.com/v1/","model":"m"})", {}, key);
    server.ask(sample_completion, whole(chat_answer));
    CHECK(server.last().url == "https://api.example.com/v1/completions");
    const auto body = value::parse(server.last().body);
    CHECK_FALSE(body.find("provider"));
    CHECK_FALSE(body.find("usage"));
    CHECK_FALSE(body.find("repeat_penalty"));
    CHECK(body.find("repetition_penalty")->as_number() == 1.1);
    CHECK(server.ask(R"({"prompt":[1]})", whole("")).end.code == TW_UNSUPPORTED);
    CHECK(server.ask(R"({"prompt":"x","grammar":"root ::= \"a\""})", whole("")).end.code == TW_UNSUPPORTED);
    server.ask(R"({"prompt":"f(","suffix":"]"})", whole(chat_answer));
    CHECK(value::parse(server.last().body).find("suffix")->as_string() == "]");
}

TEST_CASE("cloud: the model's price is logged, a model it lacks is said at the start") {
    played<openrouter::cloud> there(table, {whole(models)}, key);
    CHECK(there.code == TW_OK);
    CHECK_THAT(there.logged(), ContainsSubstring("usd_per_million_prompt_tokens=0.100000 usd_per_million_completion_tokens=0.300000"));
    played<openrouter::cloud> other(R"({"model":"qwen/qwen4"})", {whole(models)}, key);
    CHECK(other.code == TW_NOT_FOUND);
    CHECK_THAT(other.sentence, ContainsSubstring("lists no model \"qwen/qwen4\""));
    played<openrouter::cloud> odd(table, {whole("{}")}, key);
    CHECK(odd.code == TW_OK);
    CHECK_THAT(odd.logged(), ContainsSubstring("check that url ends with the version"));
}

TEST_CASE("cloud: prices and context are told for the status") {
    played<openrouter::cloud> server(table, {}, key);
    CHECK(server.question("about", "{}", whole(R"({"data":[{"id":"qwen/qwen3-32b","context_length":40960,"pricing":{"prompt":"0.0000001","completion":"0.0000003"}}]})")).text ==
          R"({"context":40960,"usd_per_million_prompt_tokens":0.100000,"usd_per_million_completion_tokens":0.300000})");
    CHECK(server.last().url == "https://openrouter.ai/api/v1/models");
    CHECK(server.question("about", "{}", whole(R"({"data":[]})")).text == "{}");
    CHECK(server.question("about", "{}", whole("{}")).end.code == TW_CORRUPT);
    CHECK(server.question("health", "{}", whole("{}")).end.code == TW_OK);
}

TEST_CASE("cloud: no key and words without meaning are refused at the start") {
    played<openrouter::cloud> keyless(table);
    CHECK(keyless.code == TW_NOT_FOUND);
    played<openrouter::cloud> odd(R"({"model":"m","provider_sort":"cheapest"})", {}, key);
    CHECK(odd.code == TW_INVALID_ARGUMENT);
    CHECK(odd.sentence == "provider_sort is \"cheapest\"; it must be one of \"price\", \"throughput\", \"latency\".");
}

TEST_CASE("cloud: refusals keep their sentence and their advice") {
    played<openrouter::cloud> server(table, {}, key);
    const auto refused = [&](int status, const std::string& body, std::int64_t retry = 0) {
        auto answer = whole(body, status);
        answer.retry_after_ms = retry;
        return server.ask(sample_chat, std::move(answer));
    };
    auto heard = refused(402, R"({"error":{"code":402,"message":"Insufficient credits"}})");
    CHECK(heard.end.code == TW_DENIED);
    CHECK(heard.sentence == "The cloud at https://openrouter.ai/api/v1 wants to be paid first (HTTP status 402: Insufficient "
                            "credits); add credit to that account.");
    heard = refused(429, R"({"error":{"code":429,"message":"Rate limit exceeded"}})", 12000);
    CHECK(heard.end.code == TW_BUSY);
    CHECK(heard.end.retry_after_ms == 12000);
    CHECK(refused(500, "").end.code == TW_UNAVAILABLE);
    heard = server.ask(sample_chat, whole(R"(data: {"error":{"code":429,"message":"Rate limited"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]})" "\n\n"));
    CHECK(heard.end.code == TW_BUSY);
}

TEST_CASE("cloud: embeddings and rankings are passed on, in texts") {
    played<openrouter::cloud> server(table, {}, key);
    CHECK(server.question("embeddings", R"({"input":["a"],"dimensions":4,"truncate":false})", whole(R"({"data":[]})")).text == R"({"data":[]})");
    CHECK(server.last().url == "https://openrouter.ai/api/v1/embeddings");
    CHECK(server.last().body == R"({"model":"qwen/qwen3-32b","input":["a"],"dimensions":4,"encoding_format":"float"})");
    static_cast<void>(server.question("rerank", R"({"query":"q","documents":["a"]})", whole("{}")));
    CHECK(server.last().url == "https://openrouter.ai/api/v1/rerank");
    CHECK(server.question("embeddings", R"({"input":[[1,2]]})", whole("{}")).end.code == TW_UNSUPPORTED);
    CHECK(server.question("properties", "{}", whole("{}")).end.code == TW_UNSUPPORTED);
}
