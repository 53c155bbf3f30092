// What the server answers apart from generations: models, health, tokens, pages of other origins.
#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "harness.hpp"

using namespace tw;
using namespace tw::test;
using nlohmann::json;

TEST_CASE("models are listed before they are loaded, and after") {
    running_server server({.model_ids = {"org/model-1", "b"}}, false);
    const auto list = json::parse(ask(server, get("/v1/models")).body);
    CHECK(list["object"] == "list");
    CHECK(list["data"].size() == 2);
    CHECK(list["data"][0]["id"] == "org/model-1");
    CHECK(list["data"][0]["object"] == "model");
    CHECK(list["data"][0]["created"].is_number_integer());
    server->set_ready({server.pipeline});
    CHECK(json::parse(ask(server, get("/v1/models")).body)["data"].size() == 1);
}

TEST_CASE("a model's id may hold a slash, escaped or not") {
    running_server server;
    CHECK(ask(server, get("/v1/models/org/model-1")).status == 200);
    CHECK(json::parse(ask(server, get("/v1/models/org%2Fmodel-1?x=1")).body)["id"] ==
          "org/model-1");
    const auto missing = ask(server, get("/v1/models/org/modle-1"));
    CHECK(missing.status == 404);
    CHECK(error_of(missing) == "There is no model 'org/modle-1'; did you mean 'org/model-1'? | "
                               "invalid_request_error | model | model_not_found");
}

TEST_CASE("health tells how far loading is, and nothing else, without a token") {
    running_server server({.token = "secret"}, false);
    server->set_progress(0.25F);
    const auto loading = ask(server, get("/health"));
    CHECK(loading.status == 503);
    CHECK(json::parse(loading.body) == json{{"status", "loading"}, {"progress", 0.25}});
    const auto early =
        ask(server, post("/v1/chat/completions", chat("hi"), "x-api-key: secret\r\n"));
    CHECK(early.status == 503);
    CHECK(early.headers.contains("retry-after"));
    CHECK(error_of(early) ==
          "The model 'org/model-1' is still being loaded (25 %); ask again soon. | "
          "unavailable_error | null | unavailable");
    server->set_ready({server.pipeline});
    const auto ok = ask(server, get("/health"));
    CHECK(ok.status == 200);
    CHECK(ok.body == R"({"status":"ok"})");
}

TEST_CASE("only the token opens the door") {
    running_server server({.token = "secret"});
    const auto status_with = [&](const char* header) {
        return ask(server, get("/v1/models", header)).status;
    };
    CHECK(status_with("Authorization: Bearer secret\r\n") == 200);
    CHECK(status_with("authorization: bEaReR   secret\r\n") == 200);
    CHECK(status_with("x-api-key: secret\r\n") == 200);
    CHECK(status_with("") == 401);
    CHECK(status_with("Authorization: Bearer secre\r\n") == 401);
    CHECK(status_with("Authorization: Bearer secret2\r\n") == 401);
    CHECK(status_with("Authorization: Basic secret\r\n") == 401);
    CHECK(status_with("Authorization: Bearer\r\n") == 401);
    CHECK(status_with("Authorization: Bearer s\xC3\xA9\xFF"
                      "cret\r\n") == 401);
    const auto wrong = ask(server, get("/v1/models", "Authorization: Bearer x\r\n"));
    CHECK(wrong.headers.at("www-authenticate") == "Bearer");
    CHECK(error_of(wrong) ==
          "The token is not this server's. | authentication_error | null | invalid_api_key");
}

TEST_CASE("a stranger's body is not read before the token is") {
    running_server server({.token = "secret"});
    raw_client client(server.port());
    client.send("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 1000000\r\nExpect: "
                "100-continue\r\n\r\n");
    const auto answer = client.read();
    CHECK(answer.status == 401);
    CHECK(answer.headers.at("connection") == "close");
}

TEST_CASE("paths and methods that are not there") {
    running_server server;
    const auto path = ask(server, get("/chat/completions"));
    CHECK(path.status == 404);
    CHECK(error_of(path) == "There is nothing at /chat/completions; the API is under /v1, as in "
                            "/v1/chat/completions. | invalid_request_error | null | unknown_url");
    const auto method = ask(server, get("/v1/chat/completions"));
    CHECK(method.status == 405);
    CHECK(method.headers.at("allow") == "POST, OPTIONS");
    CHECK(ask(server, "DELETE /v1/models HTTP/1.1\r\n\r\n").status == 405);
}

TEST_CASE("what nobody here knows is for models with a server behind them, and for paths that name one place") {
    running_server server({.token = "secret"});
    const auto key = "Authorization: Bearer secret\r\n";
    const auto refused = ask(server, post("/v1/audio/speech?x=1", R"({"model":"org/model-1"})", key));
    CHECK(refused.status == 404);
    CHECK(error_of(refused) ==
          "There is nothing at /v1/audio/speech for the model 'org/model-1'. What Tightwad does not know is passed on to servers only, "
          "and the pipeline 'fake' has none behind it. Ask a model whose backend is a llama-server, an Ollama or a cloud. | "
          "invalid_request_error | null | unknown_url");
    CHECK(error_of(ask(server, post("/infill", "RIFF", key))).starts_with("The request body is not valid JSON"));
    CHECK(ask(server, post("/v1/audio/speech", R"({"model":"org/modle-1"})", key)).body.find("did you mean 'org/model-1'?") != std::string::npos);
    CHECK(ask(server, post("/v1/audio/speech", "{}", key)).status == 404);
    CHECK(ask(server, post("/v1/audio/speech", R"({"model":5})", key)).status == 400);
    CHECK(ask(server, post("/v1/audio/speech", "{}")).status == 401);
    for (const auto* path : {"/v1/../api/delete", "/v1/a/./b", "/v1/a//b", "/v1/a/", "/v1/%2e%2e/x", "/v1/a\\b", "/v1/tightwad/x", "/v1", "/v2/x",
                             "/infill/x", "/slots/0"}) {
        INFO(path);
        const auto nothing = ask(server, post(path, "{}", key));
        CHECK(nothing.status == 404);
        CHECK_THAT(error_of(nothing), Catch::Matchers::ContainsSubstring("; the API is under /v1"));
    }
    const auto read = ask(server, get("/v1/audio/voices", key));
    CHECK(read.status == 404);
    CHECK_THAT(error_of(read), Catch::Matchers::ContainsSubstring("There is nothing at /v1/audio/voices; the API is under /v1"));
}

TEST_CASE("a Prometheus reads the figures") {
    running_server server({.token = "secret"});
    const auto key = "Authorization: Bearer secret\r\n";
    CHECK(ask(server, get("/metrics")).status == 401);
    CHECK(ask(server, post("/v1/chat/completions", chat("a b"), key)).status == 200);
    const auto page = ask(server, get("/metrics", key));
    CHECK(page.status == 200);
    CHECK(page.headers.at("content-type") == "text/plain; version=0.0.4; charset=utf-8");
    for (const auto* line : {"tightwad_ready 1\n", "tightwad_answers_total 1\n", "tightwad_answers_running 0\n",
                             "# TYPE tightwad_pipeline_requests_total counter\n", "tightwad_pipeline_requests_total{pipeline=\"fake\"} 1\n",
                             "tightwad_pipeline_places{pipeline=\"fake\"} 3\n"}) {
        INFO(page.body);
        CHECK(page.body.find(line) != std::string::npos);
    }
    CHECK(page.body.find("tightwad_pipeline_tokens_total") == std::string::npos); // this one counts none
    std::istringstream lines(page.body);
    for (std::string line; std::getline(lines, line);)
        CHECK((line.starts_with("# HELP tightwad_") || line.starts_with("# TYPE tightwad_") || line.starts_with("tightwad_")));
}

TEST_CASE("HEAD has GET's head and no body, and the connection goes on") {
    running_server server;
    raw_client client(server.port());
    client.send("HEAD /v1/models HTTP/1.1\r\n\r\n");
    const auto head = client.read(false);
    CHECK(head.status == 200);
    CHECK(head.headers.at("content-length") != "0");
    CHECK(head.headers.at("x-request-id").starts_with("req_"));
    client.send(get("/health"));
    CHECK(client.read().body == R"({"status":"ok"})");
}

TEST_CASE("requests sent ahead are answered in order") {
    running_server server;
    raw_client client(server.port());
    client.send(post("/v1/chat/completions", chat("one")) +
                post("/v1/chat/completions", chat("slow 5")) + get("/health"));
    CHECK(client.read().body.find("one seed=7") != std::string::npos);
    CHECK(client.read().body.find("0 1 2 3 4 ") != std::string::npos);
    CHECK(client.read().body == R"({"status":"ok"})");
}

TEST_CASE("a request that comes byte by byte") {
    running_server server;
    raw_client client(server.port());
    for (const char byte : post("/v1/chat/completions", chat("piece by piece"), "X-A: b\r\n"))
        client.send({&byte, 1});
    CHECK(client.read().body.find("piece by piece seed=7") != std::string::npos);
}

TEST_CASE("pages of listed origins may call, without a token for the question") {
    running_server server({.token = "secret", .cors_origins = {"http://ui.test"}});
    const std::string preflight =
        "OPTIONS /v1/chat/completions HTTP/1.1\r\nAccess-Control-Request-Method: POST\r\n"
        "Access-Control-Request-Headers: authorization,x-stainless-os\r\nOrigin: ";
    const auto listed = ask(server, preflight + "http://ui.test\r\n\r\n");
    CHECK(listed.status == 204);
    CHECK(listed.headers.at("access-control-allow-origin") == "http://ui.test");
    CHECK(listed.headers.at("access-control-allow-headers") == "authorization,x-stainless-os");
    CHECK(listed.headers.at("access-control-allow-methods") == "POST, OPTIONS");
    CHECK(listed.headers.at("vary") == "Origin");
    const auto other = ask(server, preflight + "http://evil.test\r\n\r\n");
    CHECK(other.status == 204);
    CHECK_FALSE(other.headers.contains("access-control-allow-origin"));
    CHECK_FALSE(other.headers.contains("access-control-allow-headers"));
    const auto refused = ask(server, get("/v1/models", "Origin: http://ui.test\r\n"));
    CHECK(refused.status == 401);
    CHECK(refused.headers.at("access-control-allow-origin") == "http://ui.test");
}

TEST_CASE("by default no page of another origin may read, and a star allows all") {
    running_server closed;
    CHECK_FALSE(ask(closed, get("/v1/models", "Origin: http://ui.test\r\n"))
                    .headers.contains("access-control-allow-origin"));
    running_server open({.cors_origins = {"*"}});
    CHECK(ask(open, get("/v1/models", "Origin: http://ui.test\r\n"))
              .headers.at("access-control-allow-origin") == "*");
}

TEST_CASE("status shows the pipelines and what the program adds") {
    running_server server;
    server->set_status_extra([] { return json{{"plugins", 3}}; });
    const auto status = json::parse(ask(server, get("/v1/tightwad/status")).body);
    CHECK(status["status"] == "ok");
    CHECK(status["pipelines"][0]["name"] == "fake");
    CHECK(status["plugins"] == 3);
    CHECK(status["server"]["running_answers"] == 0);
    CHECK(status["server"]["connections"] == 1);
}

TEST_CASE("an address other machines reach needs a token") {
    const auto open = front::server::listen({.host = "0.0.0.0", .port = 0});
    REQUIRE(open.has_error());
    CHECK(open.error().message ==
          "Listening on 0.0.0.0:0 would let other machines use the models without a token: "
          "set [server] token, or listen on 127.0.0.1.");
    CHECK(front::server::listen({.host = "0.0.0.0", .port = 0, .token = "secret"}).has_value());
    CHECK(front::server::listen({.host = "0.0.0.0", .port = 0, .token = ""}).has_error());
    running_server first;
    const auto taken = front::server::listen({.port = first.port()});
    REQUIRE(taken.has_error());
    CHECK(taken.error().message.find("Address already in use") != std::string::npos);
}

TEST_CASE("another model is asked for by name, and by nobody but who may") {
    running_server server({.token = "secret", .cors_origins = {"https://mine.example"}}, false);
    const auto swap = [&](const char* body, std::string headers = "") {
        return ask(server, post("/v1/tightwad/swap", body, "x-api-key: secret\r\n" + headers));
    };
    constexpr auto good = R"({"pipeline":"fake","model":"large"})";
    const auto early = swap(good);
    CHECK(early.status == 503);
    CHECK(early.headers.contains("retry-after"));
    server->set_ready({server.pipeline});
    const auto begun = swap(good);
    CHECK(begun.status == 202);
    CHECK(json::parse(begun.body) == json{{"pipeline", "fake"}, {"model", "large"}});
    CHECK(server.pipeline->model() == "large");

    CHECK(swap(R"({"pipeline":"fak","model":"large"})").status == 404);
    CHECK(swap(R"({"pipeline":"fake","model":"none"})").status == 404);
    CHECK(swap(R"({"model":"large"})").status == 400);
    CHECK(swap(R"({"pipeline":"fake","model":""})").status == 400);
    CHECK(swap("large").status == 400);
    const auto second = swap(R"({"pipeline":"fake","model":"other"})");
    CHECK(second.status == 409);
    CHECK(error_of(second) == "Another swap is under way. | invalid_request_error | null | swap_under_way");
    const auto fixed = swap(R"({"pipeline":"fake","model":"fixed"})");
    CHECK(fixed.status == 400);
    CHECK(error_of(fixed).starts_with("The pipeline 'fake' keeps its model while the endpoint runs"));

    CHECK(ask(server, get("/v1/tightwad/swap", "x-api-key: secret\r\n")).status == 405);
    CHECK(ask(server, post("/v1/tightwad/swap", good)).status == 401);
    const auto page = swap(good, "Origin: https://evil.example\r\n");
    CHECK(page.status == 403);
    CHECK(error_of(page).starts_with("Pages of https://evil.example may not change the model"));
    CHECK(swap(good, "Origin: https://mine.example\r\n").status == 202);
}
