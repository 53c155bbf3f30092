// The whole program before a scripted llama-server: what clients see of answers, of faults and of the target's limits.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "program.hpp"
#include "support/raw_client.hpp"
#include "support/scripted_server.hpp"

using namespace tw::test;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string plugins = TW_BINARY_DIR "/lib/tightwad/plugins";
constexpr std::string_view question = R"({"model":"m","messages":[{"role":"user","content":"Hi"}],"temperature":0)";

// A llama-server that knows nothing of itself; each POST meets what was written down last.
class far_server {
  public:
    far_server() : server_({[this](scripted_server::line& to, const std::string& request) {
        scripted_server::act act = replies(404, "{}");
        if (request.starts_with("POST")) {
            const std::lock_guard guard(lock_);
            act = act_;
        }
        act(to, request);
    }}) {}
    void set(scripted_server::act act) {
        const std::lock_guard guard(lock_);
        act_ = std::move(act);
    }
    [[nodiscard]] std::string url() const { return server_.url(); }
    [[nodiscard]] std::vector<std::string> requests() const { return server_.requests(); }

  private:
    std::mutex lock_;
    scripted_server::act act_ = replies(500, "");
    scripted_server server_;
};

// Tightwad with that server as its only target.
class endpoint {
  public:
    explicit endpoint(const std::string& url, const std::string& more = "")
        : port_(unused_port()),
          file_(folder_.write("c.toml", "schema = 1\n[server]\nlisten = \"127.0.0.1:" + std::to_string(port_) +
                                            "\"\n[backend.far]\nplugin = \"llamacpp\"\nurl = \"" + url + "\"\n" + more +
                                            "[pipeline.p]\nserves = [\"m\"]\ntarget = \"far\"\n")),
          program_({"serve", "--plugins-dir", plugins, "-c", file_}, {{"TIGHTWAD_STATE", folder_.path().string()}}),
          said_(program_.wait_for("serves")) {}

    [[nodiscard]] http_answer ask(const std::string& rest, const std::string& path = "/v1/chat/completions") const {
        raw_client client(port_);
        client.send(post(path, std::string(question) + rest + "}"));
        return client.read();
    }
    [[nodiscard]] nlohmann::json status() const {
        raw_client client(port_);
        client.send(get("/v1/tightwad/status"));
        return nlohmann::json::parse(client.read().body);
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] const std::string& said() const { return said_; }

  private:
    scratch_folder folder_;
    std::uint16_t port_;
    std::string file_;
    running_tightwad program_;
    std::string said_;
};

std::string event(const std::string& delta, const std::string& reason = "null") {
    return R"(data: {"choices":[{"index":0,"delta":)" + delta + R"(,"finish_reason":)" + reason + "}]}\n\n";
}

std::string words(const std::string& text) { return event(R"({"content":")" + text + "\"}"); }

const std::string usage = R"(data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}})" "\n\n";

std::string message_of(const http_answer& answer) {
    const auto body = nlohmann::json::parse(answer.body, nullptr, false);
    return body.is_object() && body.contains("error") ? body["error"]["message"].get<std::string>() : answer.body;
}

} // namespace

TEST_CASE("a llama-server is served plainly, and the status says why nothing is speculated") {
    far_server far;
    far.set(streams({event(R"({"role":"assistant","content":null})"), words("Hello"), words(" you"),
                     event("{}", "\"stop\""), usage, "data: [DONE]\n\n"}));
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
    CHECK(pipeline["speculation"]["active"] == false);
    CHECK_THAT(pipeline["speculation"]["why_not"].get<std::string>(),
               ContainsSubstring("no draft can be verified") && ContainsSubstring("run `tightwad peer` beside that server"));
    CHECK(pipeline["target"]["name"] == "far");
    CHECK(pipeline["stats"]["requests"] == 2);
    CHECK(pipeline["stats"]["tokens"] == 4);
    CHECK_FALSE(pipeline["stats"].contains("accepted"));
    CHECK_THAT(far.requests().back(), ContainsSubstring("POST /v1/chat/completions HTTP/1.1"));
}

TEST_CASE("images reach the server as the client sent them") {
    far_server far;
    far.set(streams({words("A cat"), event("{}", "\"stop\""), "data: [DONE]\n\n"}));
    const endpoint here(far.url());
    const std::string seen = R"([{"text":"What is it?","type":"text"},)"
                             R"({"image_url":{"detail":"low","url":"data:image/png;base64,iVBORw0KGgo="},"type":"image_url"}])";
    raw_client client(here.port());
    client.send(post("/v1/chat/completions", R"({"model":"m","messages":[{"role":"user","content":)" + seen + "}]}"));
    CHECK(client.read().status == 200);
    CHECK_THAT(far.requests().back(), ContainsSubstring("\"content\":" + seen));
}

TEST_CASE("faults of a server are the right status and one sentence") {
    far_server far;
    const endpoint here(far.url());
    far.set(replies(429, R"({"error":{"message":"slow down"}})", "Retry-After: 7\r\n"));
    auto answer = here.ask("");
    CHECK(answer.status == 429);
    CHECK(answer.headers["retry-after"] == "7");
    CHECK(message_of(answer) == "The llama-server at " + far.url() + " has too much to do (HTTP status 429: slow down); try again later.");

    far.set(replies(500, R"({"error":{"message":"oops"}})"));
    answer = here.ask("");
    CHECK(answer.status == 503);
    CHECK_THAT(message_of(answer), ContainsSubstring("failed (HTTP status 500: oops)"));
    far.set(streams({words("well"), event("{}", "\"stop\""), "data: [DONE]\n\n"})); // 500 once
    CHECK(here.ask("").status == 200);

    far.set(replies(400, R"({"error":{"message":"too long","type":"exceed_context_size_error"}})"));
    answer = here.ask("");
    CHECK(answer.status == 400);
    CHECK_THAT(answer.body, ContainsSubstring("context_length_exceeded"));

    far.set(replies(302, "", "Location: http://169.254.169.254/latest/meta-data\r\n"));
    answer = here.ask("");
    CHECK(answer.status == 503);
    CHECK_THAT(message_of(answer), ContainsSubstring("redirects to 'http://169.254.169.254/latest/meta-data'"));

    far.set(streams({"data: {garbage\n\n"}));
    answer = here.ask("");
    CHECK(answer.status == 500);
    CHECK_THAT(message_of(answer), ContainsSubstring("an event that makes no sense: {garbage"));

    far.set(says("SSH-2.0-OpenSSH\r\n\r\n"));
    answer = here.ask("");
    CHECK(answer.status == 500);
    CHECK_THAT(message_of(answer), ContainsSubstring("does not answer in HTTP/1.1"));

    far.set([](scripted_server::line& to, const std::string&) {
        to.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: ");
        const std::string block(65536, 'x');
        while (to.send(block)) {
        }
    });
    answer = here.ask("");
    CHECK(answer.status == 500);
    CHECK_THAT(message_of(answer), ContainsSubstring("sent a line of more than 1048576 bytes"));
}

TEST_CASE("a fault within a stream is an error event, never a silent end") {
    far_server far;
    const endpoint here(far.url());
    for (const auto& [rest, sentence] : std::vector<std::pair<std::string, std::string>>{
             {"data: {\"choi", "broke off in the middle of its answer"},
             {"data: {\"error\":{\"code\":503,\"message\":\"gone\"}}\n\n", "HTTP status 503"},
             {"data: garbage\n\n", "makes no sense"}}) {
        far.set(streams({words("Hello"), rest}));
        const auto answer = here.ask(R"(,"stream":true)");
        CHECK(answer.status == 200);
        CHECK_THAT(answer.body, ContainsSubstring(R"("content":"Hello")") && ContainsSubstring("data: {\"error\":") &&
                                    ContainsSubstring(sentence));
        CHECK(answer.body.find("data: [DONE]") == std::string::npos);
    }
}

TEST_CASE("a server that is not there is named, and one that is slow is given up at the limit") {
    const auto port = std::to_string(unused_port());
    const endpoint absent("http://127.0.0.1:" + port);
    const auto answer = absent.ask("");
    CHECK(answer.status == 503);
    CHECK(answer.headers.contains("retry-after"));
    CHECK(message_of(answer) == "Nothing answers at http://127.0.0.1:" + port +
                                    " (connection refused); start that server, or correct url.");
    far_server far;
    far.set(stalls());
    const endpoint slow(far.url(), "first_token_timeout = 1\n");
    const auto late = slow.ask("");
    CHECK(late.status == 504);
    CHECK_THAT(message_of(late), ContainsSubstring("did not begin to answer within 1000 ms"));
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
    const std::string two = "[backend.other]\nplugin = \"ollama\"\nmodel = \"m\"\n";
    const auto refused = check(two + "[pipeline.p]\nserves = [\"m\"]\ntarget = \"far\"\ndraft = [\"other\"]\nfallback = false\n");
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, ContainsSubstring("Pipeline 'p' cannot speculate: The target 'far' is a server that hands out text, not logits"));
    CHECK_THAT(refused.err, ContainsSubstring("The backend 'other' is a server that hands out text, so it cannot draft for pipeline 'p'."));
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
    const auto port = unused_port();
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
