// The whole program before a scripted llama-server: what clients see of answers and of the target's limits.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include "far_server.hpp"

using namespace tw::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a llama-server is served plainly, and the status says why nothing is speculated") {
    far_server far;
    far.set(streams({event(R"({"role":"assistant","content":null})"), words("Hello"), words(" you"),
                     event("{}", "\"stop\""), usage, "data: [DONE]\n\n"}));
    far.set_gets(replies(200, R"({"total_slots":4})"));
    const endpoint here(far.url());
    CHECK_THAT(here.said(), ContainsSubstring("m: target far (llamacpp), no draft (The target 'far' is a server that hands out text"));
    const auto whole = here.ask("");
    CHECK(whole.status == 200);
    const auto body = nlohmann::json::parse(whole.body);
    CHECK(body["choices"][0]["message"]["content"] == "Hello you");
    CHECK(body["choices"][0]["finish_reason"] == "stop");
    CHECK(body["usage"]["prompt_tokens"] == 7);
    CHECK(body["usage"]["completion_tokens"] == 2);
    const auto streamed = here.ask(R"(,"stream":true)");
    CHECK_THAT(streamed.body, ContainsSubstring(R"("content":"Hello"})") && ContainsSubstring(R"("content":" you"})") &&
                                  ContainsSubstring("data: [DONE]"));
    const auto pipeline = here.status()["pipelines"][0];
    CHECK(pipeline["slots"] == nlohmann::json{{"total", 4}, {"active", 0}, {"queued", 0}});
    CHECK(pipeline["speculation"]["active"] == false);
    CHECK_THAT(pipeline["speculation"]["why_not"].get<std::string>(),
               ContainsSubstring("no draft can be verified") && ContainsSubstring("run `tightwad peer` beside that server"));
    CHECK(pipeline["target"]["name"] == "far");
    CHECK(pipeline["stats"]["requests"] == 2);
    CHECK(pipeline["stats"]["tokens"] == 4);
    CHECK_FALSE(pipeline["stats"].contains("accepted"));
    CHECK_THAT(far.requests().back(), ContainsSubstring("POST /v1/chat/completions HTTP/1.1"));
}

TEST_CASE("a server's key that is a reference nothing replaced is an error at the start") {
    const scratch_folder folder;
    const auto file = folder.write("c.toml", "schema = 1\n[server]\nlisten = \"127.0.0.1:" + std::to_string(free_port()) +
                                             "\"\n[backend.far]\nplugin = \"llamacpp\"\nurl = \"http://127.0.0.1:1\"\n"
                                             "api_key = { env = \"TIGHTWAD_TEST_KEY\" }\n[pipeline.p]\nserves = [\"m\"]\ntarget = \"far\"\n");
    const auto refused = run_tightwad({"serve", "--plugins-dir", plugins, "-c", file}, "",
                                      {{"TIGHTWAD_STATE", folder.path().string()}, {"TIGHTWAD_TEST_KEY", "${LLAMA_KEY}"}});
    CHECK(refused.code != 0);
    CHECK_THAT(refused.err, ContainsSubstring("The environment variable TIGHTWAD_TEST_KEY") && ContainsSubstring("that nothing has replaced"));
}

TEST_CASE("the server is told what the client said, as he said it, and is left its own defaults") {
    far_server far;
    far.set(streams({words("Hi"), event("{}", "\"stop\""), "data: [DONE]\n\n"}));
    const endpoint here(far.url());
    const auto sent = [&](const std::string& fields, const std::string& path = "/v1/chat/completions") {
        raw_client client(here.port());
        client.send(post(path, R"({"model":"m","messages":[{"role":"user","content":"Hi","name":"ann"}])" + fields + "}"));
        const auto answer = client.read();
        INFO(answer.body);
        CHECK(answer.status == 200);
        const auto request = far.requests().back();
        auto body = nlohmann::json::parse(request.substr(request.find("\r\n\r\n") + 4));
        for (const auto* ours : {"messages", "stream", "stream_options"}) body.erase(ours);
        return std::pair{body, nlohmann::json::parse(answer.body)};
    };
    auto [body, answer] = sent("");
    CHECK(body == nlohmann::json::object());
    CHECK(answer["tightwad"]["seed"].is_null()); // the server drew its own
    CHECK_THAT(far.requests().back(), ContainsSubstring(R"("name":"ann")"));
    std::tie(body, answer) = sent(R"(,"temperature":0.7,"top_p":1,"top_k":0,"min_p":0,"presence_penalty":0,"seed":5,"max_tokens":9,
        "reasoning_effort":"low","user":"u","cache_prompt":false,"chat_template_kwargs":{"enable_thinking":false},
        "tools":[{"type":"function","function":{"name":"f","strict":true}}],"n_predict":99)");
    CHECK(body == nlohmann::json::parse(R"({"temperature":0.7,"top_p":1,"top_k":0,"min_p":0,"presence_penalty":0,"seed":5,"max_tokens":9,
        "reasoning_effort":"low","user":"u","cache_prompt":false,"chat_template_kwargs":{"enable_thinking":false},
        "tools":[{"type":"function","function":{"name":"f","strict":true}}],"tool_choice":"auto","parallel_tool_calls":true})"));
    CHECK(answer["tightwad"]["seed"] == 5);
    std::tie(body, answer) = sent(R"(,"seed":5,"n":2)");
    CHECK(body["seed"].get<int>() + nlohmann::json::parse(far.requests().at(far.requests().size() - 2).substr(
              far.requests().at(far.requests().size() - 2).find("\r\n\r\n") + 4))["seed"].get<int>() == 11);
    CHECK_FALSE(body.contains("n"));
    std::tie(body, answer) = sent(R"(,"stream":false,"options":{"top_k":7})", "/api/chat");
    CHECK(body == nlohmann::json{{"top_k", 7}});
}

TEST_CASE("what a model thinks comes through apart from its answer, and what a filter kept back is said") {
    far_server far;
    far.set(streams({event(R"({"reasoning_content":"Let me"})"), event(R"({"reasoning":" see"})"), words("Yes"),
                     event("{}", "\"content_filter\""), "data: [DONE]\n\n"}));
    const endpoint here(far.url());
    const auto whole = nlohmann::json::parse(here.ask("").body)["choices"][0];
    CHECK(whole["message"]["reasoning_content"] == "Let me see");
    CHECK(whole["message"]["content"] == "Yes");
    CHECK(whole["finish_reason"] == "content_filter");
    CHECK_THAT(here.ask(R"(,"stream":true)").body, ContainsSubstring(R"("delta":{"reasoning_content":"Let me"})") &&
                                                       ContainsSubstring(R"("delta":{"reasoning_content":" see"})") &&
                                                       ContainsSubstring(R"("finish_reason":"content_filter")"));
    const auto ollama = nlohmann::json::parse(here.ask(R"(,"stream":false)", "/api/chat").body);
    CHECK(ollama["message"]["thinking"] == "Let me see");
    const auto anthropic = nlohmann::json::parse(here.ask(R"(,"max_tokens":9)", "/v1/messages").body);
    CHECK(anthropic["stop_reason"] == "refusal");
    const auto response = nlohmann::json::parse(here.ask(R"(,"input":"Hi")", "/v1/responses").body);
    CHECK(response["status"] == "incomplete");
    CHECK(response["incomplete_details"]["reason"] == "content_filter");
}

TEST_CASE("the details of a server's usage come down, and what it does not say is left out") {
    far_server far;
    const auto says = [&](const std::string& more) {
        far.set(streams({words("Hi"), event("{}", "\"stop\""), more, "data: [DONE]\n\n"}));
    };
    says(R"(data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":5},)"
         R"("completion_tokens_details":{"reasoning_tokens":1,"accepted_prediction_tokens":0}}})" "\n\n");
    const endpoint here(far.url());
    const auto body = [](const http_answer& answer) { return nlohmann::json::parse(answer.body); };
    CHECK(body(here.ask(""))["usage"] ==
          nlohmann::json::parse(R"({"prompt_tokens":7,"completion_tokens":2,"total_tokens":9,"prompt_tokens_details":{"cached_tokens":5},
              "completion_tokens_details":{"reasoning_tokens":1,"accepted_prediction_tokens":0}})"));
    const auto message = body(here.ask(R"(,"max_tokens":9)", "/v1/messages"))["usage"];
    CHECK(message == nlohmann::json::parse(R"({"input_tokens":2,"cache_creation_input_tokens":0,"cache_read_input_tokens":5,"output_tokens":2})"));
    says(usage);
    CHECK(body(here.ask(""))["usage"] == nlohmann::json::parse(R"({"prompt_tokens":7,"completion_tokens":2,"total_tokens":9})"));
    CHECK(body(here.ask(R"(,"max_tokens":9)", "/v1/messages"))["usage"] == nlohmann::json::parse(R"({"input_tokens":7,"output_tokens":2})"));
    says(": nothing\n\n");
    CHECK_FALSE(body(here.ask("")).contains("usage"));
    const auto streamed = here.ask(R"(,"stream":true,"stream_options":{"include_usage":true})").body;
    CHECK_THAT(streamed, !ContainsSubstring(R"("choices":[])") && ContainsSubstring("[DONE]"));
}

TEST_CASE("tools and a form of the answer reach the server together") {
    far_server far;
    far.set(streams({words("{}"), event("{}", "\"stop\""), "data: [DONE]\n\n"}));
    const endpoint here(far.url());
    CHECK(here.ask(R"(,"tools":[{"type":"function","function":{"name":"f"}}],"response_format":{"type":"json_object"})").status == 200);
    CHECK_THAT(far.requests().back(), ContainsSubstring(R"("tools":[{"type":"function","function":{"name":"f"}}])") &&
                                          ContainsSubstring(R"("response_format":{"type":"json_object"})"));
}

TEST_CASE("answers of a server are not compared") {
    far_server far;
    const endpoint here(far.url());
    raw_client client(here.port());
    client.send(post("/v1/completions", R"({"model":"m","prompt":"a","n":1,"best_of":2})"));
    const auto refused = client.read();
    CHECK(refused.status == 400);
    CHECK(message_of(refused) == "Tightwad compares answers of models that it runs, not of servers; send 'best_of' equal to 'n'.");
}

TEST_CASE("images and audio reach the server as the client sent them") {
    far_server far;
    far.set(streams({words("A cat"), event("{}", "\"stop\""), "data: [DONE]\n\n"}));
    const endpoint here(far.url());
    const std::string seen = R"([{"text":"What is it?","type":"text"},)"
                             R"({"image_url":{"detail":"low","url":"data:image/png;base64,iVBORw0KGgo="},"type":"image_url"}])";
    raw_client client(here.port());
    client.send(post("/v1/chat/completions", R"({"model":"m","messages":[{"role":"user","content":)" + seen + "}]}"));
    CHECK(client.read().status == 200);
    CHECK_THAT(far.requests().back(), ContainsSubstring("\"content\":" + seen));
    const std::string heard = R"([{"text":"What is it?","type":"text"},)"
                              R"({"input_audio":{"data":"UklGRg==","format":"wav"},"type":"input_audio"}])";
    raw_client listening(here.port());
    listening.send(post("/v1/chat/completions", R"({"model":"m","messages":[{"role":"user","content":)" + heard + "}]}"));
    CHECK(listening.read().status == 200);
    CHECK_THAT(far.requests().back(), ContainsSubstring("\"content\":" + heard));
}

TEST_CASE("a client that goes away ends the server's work") {
    std::atomic<int> begun{0}, ended{0};
    far_server far;
    far.set([&](scripted_server::line& to, const std::string&) {
        to.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        const auto piece = words("Hello");
        char size[20];
        std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
        to.send(size + piece + "\r\n");
        ++begun;
        to.wait_gone();
        ++ended;
    });
    const endpoint here(far.url());
    {
        raw_client client(here.port());
        client.send(post("/v1/chat/completions", std::string(question) + R"(,"stream":true})"));
        CHECK_THAT(client.read_until("Hello"), ContainsSubstring("Hello"));
    }
    for (int i = 0; i < 20000 && ended == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    CHECK(begun == 1);
    CHECK(ended == 1);
}

TEST_CASE("a draft beside a server is refused in words, or left out in words") {
    const scratch_folder folder;
    const auto check = [&](const std::string& text) {
        const auto file = folder.write("d.toml", "schema = 1\n[backend.far]\nplugin = \"llamacpp\"\nurl = \"http://127.0.0.1:1\"\n" + text);
        return run_tightwad({"check", "--plugins-dir", plugins, "-c", file});
    };
    const std::string cloud = "[backend.other]\nplugin = \"openrouter\"\nmodel = \"m\"\napi_key = { env = \"KEY\" }\n";
    const auto refused = check(cloud + "[pipeline.p]\nserves = [\"m\"]\ntarget = \"far\"\ndraft = [\"other\"]\nfallback = false\n");
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, ContainsSubstring("Pipeline 'p' cannot speculate: The target 'far' is a server that hands out text, not logits"));
    CHECK_THAT(refused.err, ContainsSubstring("The backend 'other' is a server that does not say what its tokens are, so it cannot draft for pipeline 'p'. "
                                              "Name a llama-server or an Ollama"));
    const std::string ollama = "[backend.other]\nplugin = \"ollama\"\nmodel = \"m\"\n";
    CHECK(check(ollama + "[pipeline.p]\nserves = [\"m\"]\ntarget = \"far\"\ndraft = [\"other\"]\n").code == 0);
    CHECK(check("[pipeline.p]\nserves = [\"m\"]\ntarget = \"far\"\n").code == 0);
    const auto odd = check("[backend.x]\nplugin = \"llamacpp\"\nurl = \"http://den:8080\"\nmodel_path = \"m.gguf\"\n"
                           "[pipeline.p]\nserves = [\"m\"]\ntarget = \"x\"\n");
    CHECK(odd.code == 2);
    CHECK_THAT(odd.err, ContainsSubstring("[backend.x] has no key \"model_path\""));
}

TEST_CASE("help tells the keys of both ways to use llamacpp") {
    const auto help = run_tightwad({"help", "backend", "llamacpp", "--plugins-dir", plugins});
    CHECK(help.code == 0);
    CHECK_THAT(help.out, ContainsSubstring("model_path") && ContainsSubstring("With a url that begins with http") &&
                             ContainsSubstring("first_token_timeout"));
}

TEST_CASE("variables alone are an endpoint before a server, and a private address can be closed to it") {
    const scratch_folder folder;
    far_server far;
    far.set(streams({words("Hi"), event("{}", "\"stop\""), "data: [DONE]\n\n"}));
    const auto port = free_port();
    std::map<std::string, std::string> variables{{"TIGHTWAD_STATE", folder.path().string()}, {"HOME", folder.path().string()},
                                                 {"XDG_CONFIG_HOME", folder.path().string()}, {"TIGHTWAD_PORT", std::to_string(port)},
                                                 {"TIGHTWAD_TARGET_URL", far.url()}, {"TIGHTWAD_TARGET_BACKEND", "llamacpp"},
                                                 {"TIGHTWAD_TARGET_MODEL", "m"}, {"TIGHTWAD_DRAFT_URL", "http://127.0.0.1:1"}};
    const auto asked = [&] {
        raw_client client(port);
        client.send(post("/v1/chat/completions", std::string(question) + "}"));
        return client.read();
    };
    {
        running_tightwad program({"serve", "--plugins-dir", plugins}, variables);
        CHECK_THAT(program.wait_for("serves"), ContainsSubstring("TIGHTWAD_DRAFT_URL"));
        const auto answer = asked();
        CHECK(answer.status == 200);
        CHECK_THAT(answer.body, ContainsSubstring("Hi"));
    }
    variables["TIGHTWAD_ALLOW_PRIVATE_UPSTREAM"] = "false";
    running_tightwad strict({"serve", "--plugins-dir", plugins}, variables);
    static_cast<void>(strict.wait_for("serves"));
    const auto before = far.requests().size();
    const auto answer = asked();
    CHECK(answer.status != 200);
    CHECK_THAT(answer.body, ContainsSubstring("a loopback address"));
    CHECK(far.requests().size() == before);
    variables["TIGHTWAD_TARGET_URL"] = "tw://den:9191";
    const auto wrong = run_tightwad({"check", "--plugins-dir", plugins}, {}, variables);
    CHECK(wrong.code == 2);
    CHECK_THAT(wrong.err, ContainsSubstring("TIGHTWAD_TARGET_URL"));
}

TEST_CASE("what a login allows of open files does not bound the connections") {
    far_server far;
    far.set(streams({words("well"), event("{}", "\"stop\""), "data: [DONE]\n\n"}));
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit low = before;
    low.rlim_cur = 200;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
    const endpoint here(far.url());
    ::setrlimit(RLIMIT_NOFILE, &before);
    std::vector<std::unique_ptr<raw_client>> idle;
    for (int i = 0; i < 300; ++i) idle.push_back(std::make_unique<raw_client>(here.port()));
    CHECK(here.ask("").status == 200);
}
