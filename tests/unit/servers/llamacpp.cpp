// The llamacpp plugin before a llama-server: what is asked, and recorded answers cut at every byte.
#include "plugins/llamacpp/server.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

#include "played.hpp"
#include "plugins/llamacpp/wire.hpp"

using namespace tw::test;
using Catch::Matchers::ContainsSubstring;
using tw::sdk::json::value;

namespace {

const std::string table = R"({"url":"http://den:8080/"})";

const std::string chat_answer =
    R"(data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1,"id":"chatcmpl-a","model":"m","system_fingerprint":"b6000","object":"chat.completion.chunk"})" "\n\n"
    R"(data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"Grü"}}],"created":1,"id":"chatcmpl-a","object":"chat.completion.chunk"})" "\n\n"
    ": keep-alive\n\n"
    R"(data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"ße \ud83d\ude00"}}],"id":"chatcmpl-a"})" "\n\n"
    R"(data: {"choices":[{"finish_reason":"length","index":0,"delta":{}}],"id":"chatcmpl-a"})" "\n\n"
    R"(data: {"choices":[],"usage":{"completion_tokens":3,"prompt_tokens":11,"total_tokens":14},"timings":{"prompt_n":11}})" "\n\n"
    "data: [DONE]\n\n";

const std::string completion_answer =
    R"(data: {"choices":[{"text":" upon","index":0,"logprobs":null,"finish_reason":null}],"object":"text_completion"})" "\n\n"
    R"(data: {"choices":[{"text":" a time","index":0,"logprobs":null,"finish_reason":null}]})" "\n\n"
    R"(data: {"choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":{"completion_tokens":3,"prompt_tokens":2,"total_tokens":5}})" "\n\n"
    "data: [DONE]\n\n";

} // namespace

TEST_CASE("llama-server: a chat, wherever its bytes are cut") {
    played<llamacpp::server> server(table);
    const auto heard = server.ask_split(sample_chat, chat_answer);
    CHECK(heard.text == "Grüße 😀");
    CHECK(heard.sentence.empty());
    CHECK(heard.end == tw::testkit::recorder::ending{TW_OK, TW_FINISH_LENGTH, 11, 3, 0});
    const auto asked = server.last();
    CHECK(asked.method == "POST");
    CHECK(asked.url == "http://den:8080/v1/chat/completions");
    CHECK(asked.flags == flags_of_own_server);
    const auto body = value::parse(asked.body);
    CHECK(body.find("stream")->as_boolean());
    CHECK(body.find("stream_options")->raw() == R"({"include_usage":true})");
    CHECK(body.find("seed")->as_integer() == small_seed);
    CHECK(body.find("messages")->raw() == R"([{"role":"user","content":"Hi"}])");
    CHECK_FALSE(body.find("reasoning_format")); // the server's own
    CHECK(body.find("max_tokens")->as_integer() == 9);
    CHECK_FALSE(body.find("model"));
}

TEST_CASE("llama-server: a completion, wherever its bytes are cut") {
    played<llamacpp::server> server(R"({"url":"http://den:8080/v1","model":"m"})", {}, {{"api_key", "hush"}});
    const auto heard = server.ask_split(sample_completion, completion_answer);
    CHECK(heard.text == " upon a time");
    CHECK(heard.end == tw::testkit::recorder::ending{TW_OK, TW_FINISH_STOP, 2, 3, 0});
    const auto asked = server.last();
    CHECK(asked.url == "http://den:8080/v1/completions");
    CHECK(value::parse(asked.body).find("model")->as_string() == "m");
    CHECK(value::parse(asked.body).find("top_k")->as_integer() == 40);
    bool keyed = false;
    for (const auto& [name, words] : asked.headers) keyed = keyed || (name == "Authorization" && words == "Bearer hush");
    CHECK(keyed);
    server.ask(R"({"prompt":[1,2,3]})", whole(completion_answer));
    CHECK(value::parse(server.last().body).find("prompt")->raw() == "[1,2,3]");
}

TEST_CASE("llama-server: tools, forms and log probabilities are passed on, wherever the bytes are cut") {
    played<llamacpp::server> server(table);
    const auto answer =
        R"(data: {"choices":[{"index":0,"delta":{"content":"So"},"logprobs":{"content":[{"token":"So","logprob":-1}]}}]})" "\n\n"
        R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]}}]})" "\n\n"
        R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]},"finish_reason":"tool_calls"}]})" "\n\n"
        "data: [DONE]\n\n";
    const auto heard = server.ask_split(R"({"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function"}],"tool_choice":"required",
        "response_format":{"type":"json_object"},"logprobs":true,"top_logprobs":2})", answer);
    CHECK(heard.text == "So");
    CHECK(heard.end.code == TW_OK);
    CHECK(heard.beside == R"({"logprobs":{"content":[{"token":"So","logprob":-1}]}})" "\n"
                          R"({"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]})" "\n"
                          R"({"tool_calls":[{"index":0,"function":{"arguments":"}"}}]})" "\n");
    auto body = value::parse(server.last().body);
    CHECK(body.find("tools")->raw() == R"([{"type":"function"}])");
    CHECK(body.find("tool_choice")->as_string() == "required");
    CHECK(body.find("response_format")->raw() == R"({"type":"json_object"})");
    CHECK(body.find("top_logprobs")->as_integer() == 2);
    server.ask(R"({"prompt":"x","response_format":{"type":"json_schema","json_schema":{"schema":{"type":"integer"}}}})", whole(completion_answer));
    body = value::parse(server.last().body);
    CHECK_FALSE(body.find("response_format"));
    CHECK(body.find("json_schema")->raw() == R"({"type":"integer"})");
}

TEST_CASE("llama-server: what the client said beside goes up as it came, and a model's thoughts come back, wherever they are cut") {
    played<llamacpp::server> server(table);
    const auto answer = R"(data: {"choices":[{"index":0,"delta":{"reasoning_content":"Hm, \ud83e\udd14"}}]})" "\n\n"
                        R"(data: {"choices":[{"index":0,"delta":{"content":"Yes","reasoning_content":""}}]})" "\n\n"
                        R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})" "\n\n"
                        "data: [DONE]\n\n";
    const auto heard = server.ask_split(R"({"messages":[],"think":true,"max_tokens":9,"max_completion_tokens":9,"cache_prompt":false,"id_slot":1,
        "chat_template_kwargs":{"enable_thinking":false},"reasoning_format":"deepseek"})", answer);
    CHECK(heard.text == "Yes");
    CHECK(heard.beside == R"({"reasoning_content":"Hm, \ud83e\udd14"})" "\n");
    const auto body = value::parse(server.last().body);
    CHECK(body.find("max_tokens")->as_integer() == 9);
    CHECK_FALSE(body.find("max_completion_tokens")); // older ones do not know it
    CHECK_FALSE(body.find("think")); // an Ollama's alone
    CHECK(body.find("cache_prompt")->raw() == "false");
    CHECK(body.find("id_slot")->raw() == "1");
    CHECK(body.find("chat_template_kwargs")->raw() == R"({"enable_thinking":false})");
    CHECK(body.find("reasoning_format")->as_string() == "deepseek");
}

TEST_CASE("llama-server: what only some clients know comes down, before the word it stands with, and once") {
    played<llamacpp::server> server(table);
    const auto answer =
        R"(data: {"choices":[{"index":0,"delta":{"role":"assistant","content":null,"refusal":null,"annotations":[]}}],"system_fingerprint":"b1"})" "\n\n"
        R"(data: {"choices":[{"index":0,"delta":{"content":"So"}}],"system_fingerprint":"b1"})" "\n\n"
        R"(data: {"choices":[{"index":0,"delta":{"content":"!"}}],"system_fingerprint":"b1","obfuscation":"xY"})" "\n\n"
        R"(data: {"choices":[{"index":0,"delta":{"refusal":"No"},"native_finish_reason":"end"}]})" "\n\n"
        R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})" "\n\n"
        R"(data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"cost":0.5},"timings":{"prompt_n":1}})" "\n\n"
        "data: [DONE]\n\n";
    const auto heard = server.ask_split(sample_chat, answer);
    CHECK(heard.text == "So!");
    CHECK(heard.beside == R"({"extra":{"answer":{"system_fingerprint":"b1"}}})" "\n"
                          R"({"extra":{"choice":{"native_finish_reason":"end"},"delta":{"refusal":"No"}}})" "\n"
                          R"({"usage":{"cost":0.5}})" "\n"
                          R"({"extra":{"answer":{"timings":{"prompt_n":1}}}})" "\n");
    CHECK(heard.end == tw::testkit::recorder::ending{TW_OK, TW_FINISH_STOP, 1, 2, 0});

    const auto pieces = server.ask(sample_chat, whole(R"(data: {"choices":[{"index":0,"delta":{"content":"a"},"token_ids":[7]}]})" "\n\n"
                                                      R"(data: {"choices":[{"index":0,"delta":{"content":"a"},"token_ids":[7]}]})" "\n\n"
                                                      R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})" "\n\n"));
    CHECK(pieces.beside == R"({"extra":{"choice":{"token_ids":[7]}}})" "\n" R"({"extra":{"choice":{"token_ids":[7]}}})" "\n");

    const auto broken = server.ask(sample_chat, whole(R"(data: {"choices":[{"index":0,"delta":{"role":"assistant"}}],"service_tier":"x"})" "\n\n"));
    CHECK(broken.beside.empty()); // nothing was said yet: another server may be asked
}

TEST_CASE("llama-server: a gap is filled at /infill, wherever the bytes are cut") {
    played<llamacpp::server> server(R"({"url":"http://den:8080","model":"m"})");
    const std::string filled = R"(data: {"index":0,"content":"a +","tokens":[1,2],"stop":false,"tokens_predicted":2})" "\n\n"
                               R"(data: {"index":0,"content":" \u00fc","stop":false})" "\n\n"
                               R"(data: {"index":0,"content":"","stop":true,"stop_type":"limit","tokens_predicted":3,"tokens_evaluated":9})" "\n\n";
    const auto heard = server.ask_split(R"({"prompt":"f(","suffix":")\n","max_tokens":3,"seed":5,"stop":["x"]})", filled);
    CHECK(heard.text == "a + ü");
    CHECK(heard.end == tw::testkit::recorder::ending{TW_OK, TW_FINISH_LENGTH, 9, 3, 0});
    CHECK(server.last().url == "http://den:8080/infill");
    const auto body = value::parse(server.last().body);
    CHECK(body.find("input_prefix")->as_string() == "f(");
    CHECK(body.find("input_suffix")->as_string() == ")\n");
    CHECK(body.find("n_predict")->as_integer() == 3);
    CHECK(body.find("stream")->as_boolean());
    for (const char* gone : {"prompt", "suffix", "max_tokens"}) CHECK_FALSE(body.find(gone));
    const auto ended = server.ask(R"({"prompt":"f(","suffix":"]"})", whole(R"(data: {"content":"","stop":true,"stop_type":"eos"})" "\n\n"));
    CHECK(ended.end.code == TW_OK);
    CHECK(ended.end.reason == TW_FINISH_STOP);
    const auto broken = server.ask(R"({"prompt":"f(","suffix":"]"})", whole(R"(data: {"content":"a","stop":false})" "\n\n"));
    CHECK(broken.end.code == TW_UNAVAILABLE);
    CHECK(server.ask(R"({"prompt":"f(","suffix":"]"})", whole(R"({"error":{"message":"Infill is not supported by this model"}})", 501)).end.code == TW_UNSUPPORTED);
    CHECK(server.ask(R"({"prompt":[1],"suffix":"]"})", whole("")).end.code == TW_UNSUPPORTED);
    CHECK(server.ask(R"({"prompt":"f(","suffix":"]","logprobs":1})", whole("")).end.code == TW_UNSUPPORTED);
}

TEST_CASE("llama-server: the details of its usage come down, wherever they are cut") {
    played<llamacpp::server> server(table);
    const auto heard = server.ask_split(sample_chat,
        R"(data: {"choices":[{"index":0,"delta":{"content":"Yes"},"finish_reason":"stop"}]})" "\n\n"
        R"(data: {"choices":[],"usage":{"completion_tokens":3,"prompt_tokens":11,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":null}})" "\n\n"
        "data: [DONE]\n\n");
    CHECK(heard.end == tw::testkit::recorder::ending{TW_OK, TW_FINISH_STOP, 11, 3, 0});
    CHECK(heard.beside == R"({"usage":{"prompt_tokens_details":{"cached_tokens":4}}})" "\n");
}

TEST_CASE("llama-server: what it says of itself is logged, and its absence is no error") {
    const std::string props = R"({"default_generation_settings":{"n_ctx":4096,"params":{}},"total_slots":4,)"
                              R"("model_path":"/models/m.gguf","build_info":"b6000-abc"})";
    played<llamacpp::server> there(table, {whole(props)}), absent(table);
    CHECK(there.code == TW_OK);
    CHECK(there.last().url == "http://den:8080/props");
    CHECK_THAT(there.logged(), ContainsSubstring("event=server url=http://den:8080 model=\"/models/m.gguf\" build=\"b6000-abc\" "
                                                 "context=4096 slots=4"));
    CHECK(absent.code == TW_OK);
    CHECK_THAT(absent.logged(), ContainsSubstring("event=server_not_ready url=http://den:8080 why=\"Nothing answers there.\""));
}

TEST_CASE("llama-server: refusals and faults are one sentence and the right code") {
    played<llamacpp::server> server(table);
    const auto refused = [&](int status, const std::string& body, std::int64_t retry = 0) {
        auto answer = whole(body, status);
        answer.retry_after_ms = retry;
        return server.ask(sample_chat, std::move(answer));
    };
    auto heard = refused(503, R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})", 3000);
    CHECK(heard.end.code == TW_UNAVAILABLE);
    CHECK(heard.end.retry_after_ms == 3000);
    CHECK(heard.sentence == "The llama-server at http://den:8080 failed (HTTP status 503: Loading model).");
    heard = refused(400, R"({"error":{"code":400,"message":"too long","type":"exceed_context_size_error","n_ctx":64}})");
    CHECK(heard.end.code == TW_CONTEXT_OVERFLOW);
    CHECK(refused(400, R"({"error":{"message":"bad"}})").end.code == TW_INVALID_ARGUMENT);
    heard = refused(401, R"({"error":{"message":"Invalid API Key"}})");
    CHECK(heard.end.code == TW_DENIED);
    CHECK_THAT(heard.sentence, ContainsSubstring("refused this machine's key (HTTP status 401: Invalid API Key); check api_key."));
    CHECK(refused(404, "File Not Found").end.code == TW_NOT_FOUND);
    CHECK(refused(429, "").end.code == TW_BUSY);
    CHECK(refused(501, "{}").end.code == TW_UNSUPPORTED);
    heard = refused(502, "<html>\nBad Gateway" + std::string(1000, 'x'));
    CHECK(heard.end.code == TW_UNAVAILABLE);
    CHECK(heard.sentence.size() < 450);
    CHECK(heard.sentence.find('\n') == std::string::npos);

    heard = server.ask(sample_chat, whole("data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\ndata: {\"choi"));
    CHECK(heard.text == "half");
    CHECK(heard.end.code == TW_UNAVAILABLE);
    CHECK_THAT(heard.sentence, ContainsSubstring("broke off in the middle of its answer"));
    auto stalled = whole("data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\n");
    stalled.failure = TW_TIMED_OUT;
    stalled.sentence = "The server at http://den:8080 sent no more of its answer within 120000 ms.";
    heard = server.ask(sample_chat, stalled);
    CHECK(heard.text == "half");
    CHECK(heard.end.code == TW_TIMED_OUT);
    CHECK(heard.sentence == stalled.sentence);
    heard = server.ask(sample_chat, whole("data: {garbage\n\n"));
    CHECK(heard.end.code == TW_CORRUPT);
    CHECK(heard.sentence == "The server sent an event that makes no sense: {garbage");
    CHECK(server.ask(sample_chat, whole("data: [1,2]\n\n")).end.code == TW_CORRUPT);
    CHECK(server.ask(sample_chat, whole("data: {\"choices\":[5]}\n\n")).end.code == TW_CORRUPT);
    for (const auto* none : {"{\"choices\":[]}", "", "<html>", "data: {\"choices\":\"x\"}\n\ndata: [DONE]\n\n", "data: {\"choices\":[]}\n\n",
                             "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\ndata: {\"cho"})
        CHECK(server.ask(sample_chat, whole(none)).end.code == TW_CORRUPT);
    for (const auto* broken : {"data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n",
                               "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"cho"})
        CHECK(server.ask(sample_chat, whole(broken)).end.code == TW_UNAVAILABLE);
    CHECK(server.ask(sample_chat, whole("data: " + std::string(3U << 20U, 'x'))).end.code == TW_CORRUPT);
    heard = server.ask(sample_chat, whole("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
                                          "data: {\"error\":{\"code\":400,\"message\":\"context shift\"}}\n\n"));
    CHECK(heard.text == "a");
    CHECK(heard.end.code == TW_INVALID_ARGUMENT);
    CHECK_THAT(heard.sentence, ContainsSubstring("context shift"));
    // A server that gives a reason to stop and forgets [DONE] has said all.
    heard = server.ask(sample_chat, whole("data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n"));
    CHECK(heard.end.code == TW_OK);
}

TEST_CASE("llama-server: an answer that nobody waits for ends") {
    played<llamacpp::server> server(table);
    tw::testkit::recorder gone;
    gone.cancel();
    server.host.servers.add(whole(chat_answer));
    const auto* api = static_cast<const tw_backend_v1*>(llamacpp::server::query<llamacpp::server>(TW_BACKEND_V1));
    tw_backend* self = nullptr;
    tw_error problem{};
    problem.size = sizeof problem;
    server.host.servers.add(whole(chat_answer));
    REQUIRE(api->create(server.host.abi(), {table.data(), table.size()}, &self, &problem) == TW_OK);
    REQUIRE(api->start(self, {sample_chat.data(), sample_chat.size()}, gone.sink(), &problem) == TW_OK);
    REQUIRE(gone.wait_done(std::chrono::seconds{20}));
    REQUIRE(server.host.drain(std::chrono::seconds{20}));
    CHECK(gone.end().code == TW_CANCELLED);
    CHECK(gone.text().empty());
    api->destroy(self);
}

TEST_CASE("llama-server: the root is found however the url was written") {
    for (const auto* url : {"http://den:8080", "http://den:8080/", "http://den:8080/v1", "http://den:8080/v1/",
                            "http://den:8080/v1/chat/completions"})
        CHECK(llamacpp::wire::root_of(url) == "http://den:8080");
    CHECK(llamacpp::wire::root_of("https://den/models/a/v1") == "https://den/models/a");
}

TEST_CASE("llama-server: a question goes to the server's own path and comes back as it is") {
    played<llamacpp::server> server(table);
    const std::string vectors = R"({"data":[{"index":0,"embedding":[0.5]}],"usage":{"prompt_tokens":2}})";
    const auto heard = server.question("embeddings", R"({"input":["a"],"truncate":true})", whole(vectors));
    CHECK(heard.text == vectors);
    CHECK(server.last().url == "http://den:8080/v1/embeddings");
    CHECK(server.last().method == "POST");
    CHECK(server.last().body == R"({"input":["a"],"encoding_format":"float"})");
    CHECK(server.question("tokenize", R"({"content":"a"})", whole("{}")).end.code == TW_OK);
    CHECK(server.last().body == R"({"content":"a","with_pieces":true})");
    CHECK(server.last().url == "http://den:8080/tokenize");
    static_cast<void>(server.question("detokenize", R"({"tokens":[1]})", whole("{}")));
    CHECK(server.last().url == "http://den:8080/detokenize");
    static_cast<void>(server.question("rerank", R"({"query":"q"})", whole("{}")));
    CHECK(server.last().url == "http://den:8080/v1/rerank");
    const std::string props = R"({"default_generation_settings":{"n_ctx":4096},"total_slots":4,"build_info":"b6000-abc"})";
    CHECK(server.question("about", "{}", whole(props)).text == R"({"context":4096,"slots":4,"build":"b6000-abc"})");
    CHECK(server.last().url == "http://den:8080/props");
    CHECK(server.question("about", "{}", whole("{}")).text == "{}");
    static_cast<void>(server.question("properties", "{}", whole("{}")));
    CHECK(server.last().url == "http://den:8080/props");
    CHECK(server.last().method == "GET");
    CHECK(server.question("health", "{}", whole(R"({"status":"ok"})")).end.code == TW_OK);
    CHECK(server.last().url == "http://den:8080/health");
    CHECK(server.question("load", "{}", whole(R"([{"id":0,"is_processing":true},{"id":1,"is_processing":false},{"id":2}])")).text ==
          R"({"slots":3,"busy":1})");
    CHECK(server.last().url == "http://den:8080/slots");
    CHECK(server.question("load", "{}", whole(R"({"slots":7})")).end.code == TW_CORRUPT);
    CHECK(server.question("load", "{}", whole(R"({"error":{"code":501,"message":"Start it with `--slots`"}})", 501)).end.code == TW_UNSUPPORTED);
    CHECK(server.question("health", "{}", whole(R"({"error":{"message":"Loading model"}})", 503)).end.code == TW_UNAVAILABLE);
    const auto refused = server.question("embeddings", R"({"input":["a"]})",
                                         whole(R"({"error":{"code":501,"message":"Start it with `--embeddings`"}})", 501));
    CHECK(refused.end.code == TW_UNSUPPORTED);
    CHECK_THAT(refused.sentence, ContainsSubstring("Start it with `--embeddings`"));
    CHECK(server.question("fortune", "{}", whole("{}")).end.code == TW_UNSUPPORTED);
}

TEST_CASE("llama-server: a chat is counted by its template and its tokens") {
    played<llamacpp::server> server(R"({"url":"http://den:8080","model":"m"})");
    const std::string_view chat = R"({"messages":[{"role":"user","content":"Hi"}],"seed":9223372036854775900})";
    const auto counted = [&](const std::string& rendered, const std::string& tokens) {
        server.host.servers.add(whole(rendered));
        return server.question("count", chat, whole(tokens));
    };
    const auto heard = counted(R"({"prompt":"<s>user\n\u00fc"})", R"({"tokens":[1,5,9]})");
    CHECK(heard.text == R"({"tokens":3})");
    const auto seen = server.host.servers.seen();
    REQUIRE(seen.size() >= 2);
    CHECK(seen[seen.size() - 2].url == "http://den:8080/apply-template");
    CHECK(seen[seen.size() - 2].body == R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})");
    CHECK(server.last().url == "http://den:8080/tokenize");
    CHECK(server.last().body == R"({"model":"m","content":"<s>user\n\u00fc","add_special":true,"parse_special":true})");
    CHECK(counted(R"({"prompt":"x"})", R"({"tokens":3})").end.code == TW_CORRUPT);
    CHECK(server.question("count", chat, whole(R"({"prompt":5})")).end.code == TW_CORRUPT);
    CHECK(server.question("count", chat, whole("<html>")).end.code == TW_CORRUPT);
    CHECK(server.question("count", chat, whole(R"({"error":{"message":"no template"}})", 400)).end.code == TW_INVALID_ARGUMENT);
}

namespace {

std::string token_event(std::string_view ids, int counted, std::string_view more = "") {
    return R"(data: {"index":0,"content":"x","tokens":[)" + std::string(ids) + R"(],"stop":false,"id_slot":-1,"tokens_predicted":)" +
           std::to_string(counted) + R"(,"tokens_evaluated":3)" + std::string(more) + "}\n\n";
}
const std::string last_event = R"(data: {"index":0,"content":"","tokens":[],"stop":true,"stop_type":"limit","tokens_predicted":3})" "\n\n";

} // namespace

TEST_CASE("llama-server: it goes on from token ids, wherever its bytes are cut") {
    played<llamacpp::server> server(R"({"url":"http://den:8080","model":"m"})");
    const auto stream = token_event("7", 1, R"(,"completion_probabilities":[{"id":7,"logprob":-0.25,"top_logprobs":[{"id":7,"logprob":-0.25},{"id":9,"logprob":-1.75}]}])") +
                        ": still there\n\n" + token_event("31999", 2) + token_event("0", 3) + last_event;
    for (std::size_t at = 0; at <= stream.size(); ++at) {
        INFO("cut before byte " << at);
        const auto heard = server.go_on({1, 306, 4}, 3, tw::testkit::scripted_answer::cut(stream, at));
        REQUIRE(heard == continued{{7, 31999, 0}, {1.5F, -1, -1}, "", TW_OK});
    }
    const auto asked = server.last();
    CHECK(asked.method == "POST");
    CHECK(asked.url == "http://den:8080/completion");
    const auto body = value::parse(asked.body);
    CHECK(body.find("prompt")->raw() == "[1,306,4]");
    CHECK(body.find("n_predict")->as_integer() == 3);
    CHECK(body.find("top_k")->as_integer() == 1);
    CHECK(body.find("cache_prompt")->as_boolean());
    CHECK(body.find("return_tokens")->as_boolean());
    CHECK(body.find("model")->as_string() == "m");
}

TEST_CASE("llama-server: tokens that it keeps back within a character end what it drafts, and are no error") {
    played<llamacpp::server> server(table);
    const auto heard = server.go_on({1}, 9, whole(token_event("7", 1) + token_event("8", 4) + token_event("9", 5)));
    CHECK(heard == continued{{7}, {-1}, "", TW_OK});
}

TEST_CASE("llama-server: what is no draft is one sentence and the right code") {
    played<llamacpp::server> server(table);
    const auto met = [&](std::string body, int status = 200) { return server.go_on({1}, 9, whole(std::move(body), status)); };
    auto heard = met(token_event("7", 1));
    CHECK(heard.tokens == std::vector<std::int32_t>{7});
    CHECK(heard.code == TW_UNAVAILABLE);
    CHECK(heard.sentence == "The server broke off while it drafted.");
    heard = met("data: {\"tokens\":[7\n\n");
    CHECK(heard.code == TW_CORRUPT);
    CHECK_THAT(heard.sentence, ContainsSubstring("makes no sense"));
    CHECK(met(token_event("-1", 1)).code == TW_CORRUPT);
    CHECK(met(token_event("4294967297", 1)).code == TW_CORRUPT);
    heard = met(R"(data: {"content":"text only","stop":false})" "\n\n");
    CHECK(heard.code == TW_UNSUPPORTED);
    CHECK_THAT(heard.sentence, ContainsSubstring("does not tell the ids"));
    CHECK(met(R"(data: {"error":{"code":500,"message":"boom","type":"server_error"}})" "\n\n").code == TW_UNAVAILABLE);
    CHECK(met(R"({"error":{"code":400,"message":"x","type":"exceed_context_size_error"}})", 400).code == TW_CONTEXT_OVERFLOW);
    CHECK(met(R"({"error":{"code":503,"message":"Loading model"}})", 503).code == TW_UNAVAILABLE);
}

TEST_CASE("llama-server: how many tokens its model has, of the model that is meant") {
    const std::string models = R"({"object":"list","data":[{"id":"a","meta":{"n_vocab":32000,"n_ctx":512,"n_ctx_train":2048}},)"
                               R"({"id":"b","meta":{"n_vocab":6400}},{"id":"c","meta":null}]})";
    const auto said = [&](const std::string& model, const std::string& body) {
        played<llamacpp::server> server(R"({"url":"http://den:8080","model":")" + model + "\"}");
        auto heard = server.question("vocabulary", "{}", whole(body));
        CHECK(server.last().url == "http://den:8080/v1/models");
        return heard;
    };
    CHECK(said("", models).text == R"({"tokens":32000,"context":512})");
    CHECK(said("b", models).text == R"({"tokens":6400})");
    CHECK(said("c", models).end.code == TW_UNSUPPORTED);
    CHECK(said("", R"({"data":[]})").end.code == TW_UNSUPPORTED);
    CHECK(said("", "[]").end.code == TW_CORRUPT);
}
