// Answers as they come: events, pings, clients that leave or do not read, stopping, many at once.
#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "harness.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;

namespace {

constexpr auto path = "/v1/chat/completions";
constexpr auto streamed = R"(,"stream":true)";

/// The text that a stream's deltas make together.
std::string text_of(const std::string& events) {
    std::string out;
    for (std::size_t at = events.find("data: {"); at != std::string::npos;
         at = events.find("data: {", at + 1)) {
        const auto chunk =
            nlohmann::json::parse(events.substr(at + 6, events.find("\n\n", at) - at - 6));
        if (!chunk["choices"].empty()) out += chunk["choices"][0]["delta"].value("content", "");
    }
    return out;
}

bool has_left_no_answer(const running_server& server) {
    for (int i = 0; i < 200; ++i) {
        const auto status = nlohmann::json::parse(ask(server, get("/v1/tightwad/status")).body);
        if (status["server"]["running_answers"] == 0 && status["pipelines"][0]["running"] == 0)
            return true;
        std::this_thread::sleep_for(10ms); // between two looks at a state that no event announces
    }
    return false;
}

} // namespace

TEST_CASE("a stream over the socket, and the connection lives on") {
    running_server server;
    raw_client client(server.port());
    client.send(post(path, chat("three small words",
                                R"(,"stream":true,"stream_options":{"include_usage":true})")));
    const auto answer = client.read();
    CHECK(answer.status == 200);
    CHECK(answer.headers.at("content-type") == "text/event-stream; charset=utf-8");
    CHECK(answer.headers.at("cache-control") == "no-cache");
    CHECK(answer.headers.at("x-accel-buffering") == "no");
    CHECK(text_of(answer.body) == "three small words seed=7");
    CHECK(
        answer.body.find(R"("usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,)") !=
        std::string::npos);
    CHECK(answer.body.find(R"("tightwad":{"seed":7,)") != std::string::npos);
    CHECK(answer.body.ends_with("data: [DONE]\n\n"));
    client.send(post(path, chat("again")));
    CHECK(client.read().status == 200);
}

TEST_CASE("a silent stream begins when the first ping is due, and is kept alive") {
    running_server server({.ping_interval = 50ms});
    raw_client client(server.port());
    const auto asked = std::chrono::steady_clock::now();
    client.send(post(path, chat("silent", streamed)));
    CHECK(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK"));
    CHECK(std::chrono::steady_clock::now() - asked >= 50ms);
    CHECK(client.read_until("\n\n").find(R"("delta":{"role":"assistant","content":""})") !=
          std::string::npos);
    CHECK(client.read_until(": ping\n\n").ends_with(": ping\n\n"));
    CHECK(client.read_until(": ping\n\n").ends_with(": ping\n\n"));
}

TEST_CASE("the first piece begins the stream, long before a ping is due") {
    running_server server({.ping_interval = 1h});
    raw_client client(server.port());
    client.send(post(path, chat("slow 100000", streamed)));
    CHECK(client.read_until("\"5 \"").starts_with("HTTP/1.1 200 OK"));
}

TEST_CASE("a client that leaves in mid-stream cancels the answer") {
    for (const bool resets : {false, true}) {
        running_server server;
        {
            raw_client client(server.port());
            client.send(post(path, chat("slow 100000", streamed)));
            client.read_until("\"5 \"");
            if (resets) client.vanish();
        }
        CHECK(server.pipeline->wait_cancelled(1));
        CHECK(has_left_no_answer(server));
    }
}

TEST_CASE("a client that leaves while waiting cancels the answer too") {
    for (const auto* more : {"", streamed, R"(,"n":3)"}) {
        running_server server;
        const std::size_t answers =
            std::string_view(more).find("n\":3") != std::string_view::npos ? 3 : 1;
        {
            raw_client client(server.port());
            client.send(post(path, chat("silent", more)));
            CHECK(server.pipeline->wait_running(answers));
        }
        CHECK(server.pipeline->wait_cancelled(answers));
        CHECK(has_left_no_answer(server));
    }
}

TEST_CASE("a client that does not read is dropped, and the pipeline is not held up") {
    running_server server({.write_timeout = 200ms});
    raw_client client(server.port());
    client.send(post(path, chat("flood 100000", streamed))); // 100 MB, more than any socket buffer
    CHECK(server.pipeline->wait_cancelled(1));
    CHECK(has_left_no_answer(server));
}

TEST_CASE("an answer that fails in mid-stream says so in the stream") {
    running_server server;
    const auto answer = ask(server, post(path, chat("fail late", streamed)));
    CHECK(answer.status == 200);
    CHECK(answer.body.ends_with(
        "data: {\"error\":{\"message\":\"The engine lost its worker 192.168.1.20.\","
        "\"type\":\"server_error\",\"param\":null,\"code\":\"internal_error\"}}\n\n"));
}

TEST_CASE("what fails before the first piece has its own status, streamed or not, in every API") {
    running_server server({.ping_interval = 1h});
    const auto messages = [](const std::string& script) {
        return R"({"max_tokens":9,"messages":[{"role":"user","content":")" + script + R"("}])";
    };
    const auto prompt = [](const std::string& script) { return R"({"prompt":")" + script + '"'; };
    const auto input = [](const std::string& script) { return R"({"input":")" + script + '"'; };
    struct row {
        const char* where;
        std::function<std::string(const std::string&)> body;
    };
    for (const auto& api : {row{"/v1/chat/completions", messages}, row{"/v1/completions", prompt},
                            row{"/v1/responses", input}, row{"/v1/messages", messages},
                            row{"/api/chat", messages}, row{"/api/generate", prompt}}) {
        raw_client client(server.port()); // one connection: it lives on
        const auto told = [&](const char* script, const char* streams) {
            client.send(post(api.where, api.body(script) + R"(,"stream":)" + streams + "}"));
            return client.read();
        };
        for (const auto& [script, status] : {std::pair{"fail early", 500}, std::pair{"fail away", 503},
                                             std::pair{"fail corrupt", 500}, std::pair{"busy later", 429}}) {
            INFO(api.where << ' ' << script);
            const auto streams = told(script, "true"), whole = told(script, "false");
            CHECK(streams.status == status);
            CHECK(streams.body == whole.body);
            CHECK(streams.headers.at("content-type") == "application/json; charset=utf-8");
            CHECK(streams.headers.contains("retry-after") == (status != 500));
            CHECK(whole.headers.contains("retry-after") == (status != 500));
            if (status == 429) CHECK(streams.headers.at("retry-after") == "3");
        }
    }
}

TEST_CASE("stopping lets a running answer finish, and takes no new one") {
    running_server server;
    raw_client client(server.port()), idle(server.port());
    client.send(post(path, chat("slow 100", streamed)));
    client.read_until("\"5 \"");
    server.stop();
    CHECK(client.read_to_end().find("data: [DONE]") != std::string::npos);
    CHECK(idle.read_to_end().empty());
    CHECK_THROWS(raw_client(server.port()));
}

TEST_CASE("stopping cuts what does not finish in time, with an error the client can read") {
    running_server server({.drain_timeout = 50ms});
    raw_client stream(server.port()), whole(server.port());
    stream.send(post(path, chat("slow 1000000", streamed)));
    stream.read_until("\"5 \"");
    whole.send(post(path, chat("silent")));
    REQUIRE(server.pipeline->wait_running(2));
    server.stop();
    CHECK(stream.read_to_end().find(R"("type":"unavailable_error")") != std::string::npos);
    CHECK(whole.read().status == 503);
}

TEST_CASE("stop before run, and stop without a client") {
    for (int i = 0; i < 20; ++i) {
        auto server = front::server::listen({.port = 0});
        REQUIRE(server.has_value());
        (*server)->stop();
        (*server)->run();
    }
}

TEST_CASE("200 streams at once, each its own text") {
    running_server server;
    std::vector<std::thread> clients;
    std::atomic<int> right = 0;
    for (int i = 0; i < 200; ++i)
        clients.emplace_back([&server, &right, i] {
            const auto script = "client " + std::to_string(i) + " wants this";
            const auto answer = ask(server, post(path, chat(script, streamed)));
            if (text_of(answer.body) == script + " seed=7" &&
                answer.body.ends_with("data: [DONE]\n\n"))
                ++right;
        });
    for (auto& one : clients)
        one.join();
    CHECK(right == 200);
    CHECK(has_left_no_answer(server));
}

TEST_CASE("clients that come and leave at random leave nothing behind") {
    for (int round = 0; round < 5; ++round) {
        running_server server;
        std::vector<std::thread> clients;
        for (int i = 0; i < 40; ++i)
            clients.emplace_back([&server, i] {
                raw_client client(server.port());
                client.send(post(path, chat("slow 40", streamed)));
                if (i % 3 == 0)
                    client.vanish();
                else if (i % 3 == 1)
                    client.read_until("\"9 \"");
                else
                    client.read();
            });
        for (auto& one : clients)
            one.join();
        CHECK(has_left_no_answer(server));
    }
}

TEST_CASE("each of n answers is streamed under its index") {
    running_server server;
    const auto answer = ask(
        server, post("/v1/completions", R"({"prompt":["a b","c"],"n":2,"seed":5,"stream":true})"));
    for (const auto* last : {R"("index":0,"text":" seed=5")", R"("index":1,"text":" seed=6")",
                             R"("index":2,"text":" seed=5")", R"("index":3,"text":" seed=6")"})
        CHECK(answer.body.find(last) != std::string::npos);
}
