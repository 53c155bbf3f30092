// Issue 2's table of bad input, each row over a real socket.
#include <catch2/catch_test_macros.hpp>

#include "harness.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;

namespace {

constexpr auto path = "/v1/chat/completions";

http_answer chat_answer(const running_server& server, std::string_view body) {
    return ask(server, post(path, body));
}

} // namespace

TEST_CASE("no body") {
    running_server server;
    const auto answer = chat_answer(server, "");
    CHECK(answer.status == 400);
    CHECK(error_of(answer) == "The request has no body; send a JSON object. | "
                              "invalid_request_error | null | invalid_value");
    CHECK(ask(server, "POST /v1/chat/completions HTTP/1.1\r\n\r\n").status == 400);
}

TEST_CASE("bad JSON") {
    running_server server;
    const auto answer = chat_answer(server, "{\"model\": ");
    CHECK(answer.status == 400);
    CHECK(error_of(answer).starts_with(
        "The request body is not valid JSON: it goes wrong at byte 11 of 10"));
}

TEST_CASE("a body of 20 MiB with its length") {
    running_server server;
    raw_client client(server.port());
    client.send("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 20971520\r\n\r\n");
    const auto answer = client.read(); // before any of the body is sent
    CHECK(answer.status == 413);
    CHECK(answer.headers.at("connection") == "close");
    CHECK(error_of(answer) ==
          "The request body is larger than 10485760 bytes, the most this server takes. | "
          "invalid_request_error | null | request_too_large");
}

TEST_CASE("a chunked body of 20 MiB") {
    running_server server;
    raw_client client(server.port());
    client.send("POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "100000\r\n" + std::string(1U << 20U, ' ') + "\r\n";
    for (int i = 0; i < 11; ++i)
        client.send(chunk);
    CHECK(client.read().status == 413); // with nine chunks to come
}

TEST_CASE("a body in chunks, and as large as is allowed") {
    running_server server;
    raw_client client(server.port());
    client.send("POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 9; ++i)
        client.send("100000\r\n" + std::string(1U << 20U, ' ') + "\r\n");
    const auto body = chat("chunks");
    for (const char c : body)
        client.send(std::string("1\r\n") + c + "\r\n");
    client.send("0\r\n\r\n");
    const auto answer = client.read();
    CHECK(answer.status == 200);
    CHECK(answer.body.find("chunks seed=7") != std::string::npos);
}

TEST_CASE("NaN and 1e999 as temperature") {
    running_server server;
    const auto nan = chat_answer(server, chat("x", R"(,"temperature":NaN)"));
    CHECK(nan.status == 400);
    CHECK(error_of(nan).find("| invalid_request_error | temperature |") != std::string::npos);
    const auto huge = chat_answer(server, chat("x", R"(,"temperature":1e999)"));
    CHECK(huge.status == 400);
    CHECK(error_of(huge) == "'temperature' is 1e999, which is out of range. | "
                            "invalid_request_error | temperature | invalid_value");
}

TEST_CASE("negative max_tokens, and more than the limit") {
    running_server server;
    const auto negative = chat_answer(server, chat("x", R"(,"max_tokens":-1)"));
    CHECK(negative.status == 400);
    CHECK(error_of(negative) == "'max_tokens' must be at least 1, not -1. | invalid_request_error "
                                "| max_tokens | invalid_value");
    CHECK(chat_answer(server, chat("x", R"(,"max_completion_tokens":16385)")).status == 400);
}

TEST_CASE("an unknown model") {
    running_server server;
    const auto answer =
        chat_answer(server, R"({"model":"gpt-4","messages":[{"role":"user","content":"x"}]})");
    CHECK(answer.status == 404);
    CHECK(error_of(answer) ==
          "There is no model 'gpt-4'; GET /v1/models lists the models that are served. | "
          "invalid_request_error | model | model_not_found");
}

TEST_CASE("empty messages") {
    running_server server;
    const auto answer = chat_answer(server, R"({"model":"org/model-1","messages":[]})");
    CHECK(answer.status == 400);
    CHECK(error_of(answer) == "'messages' must hold at least one message. | invalid_request_error "
                              "| messages | invalid_value");
}

TEST_CASE("10,000 messages reach the pipeline, which knows its context") {
    running_server server;
    std::string messages;
    for (int i = 0; i < 10'000; ++i)
        messages += R"({"role":"user","content":"again"},)";
    messages.pop_back();
    const auto answer =
        chat_answer(server, R"({"model":"org/model-1","messages":[)" + messages + "]}");
    CHECK(answer.status == 400);
    CHECK(error_of(answer) ==
          "The prompt has 70000 tokens; the context holds 2048. | invalid_request_error | null | "
          "context_length_exceeded");
    const auto more = chat_answer(server, R"({"messages":[)" + messages + "," + messages + "]}");
    CHECK(error_of(more).starts_with("'messages' holds 20000 messages; at most 10000 are taken."));
}

TEST_CASE("invalid UTF-8, and a bomb of brackets") {
    running_server server;
    CHECK(error_of(chat_answer(server, chat("\xff\xfe")))
              .starts_with("The request body is not valid UTF-8."));
    CHECK(error_of(chat_answer(server, std::string(9U << 20U, '[')))
              .starts_with("The request body is nested deeper"));
    const auto bytes_in_path = ask(server, get("/v1/models/\xff%ff%"));
    CHECK((bytes_in_path.status == 400 || bytes_in_path.status == 404));
}

TEST_CASE("a header of 64 KiB") {
    running_server server;
    raw_client client(server.port());
    client.send(get("/health", "X-Much: " + std::string(64U << 10U, 'x') + "\r\n"));
    const auto answer = client.read();
    CHECK(answer.status == 431);
    CHECK(client.read_to_end().empty());
}

TEST_CASE("half a request, then silence") {
    running_server server({.header_timeout = 100ms, .body_timeout = 100ms});
    raw_client header(server.port());
    header.send("POST /v1/chat/completions HTTP/1.1\r\nContent-Le");
    CHECK(header.read().status == 408);
    CHECK(header.read_to_end().empty());
    raw_client body(server.port());
    body.send("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 100\r\n\r\n{\"mod");
    CHECK(body.read().status == 408);
}

TEST_CASE("a connection on which nothing is asked is closed without a word") {
    running_server server({.idle_timeout = 100ms});
    raw_client client(server.port());
    CHECK(client.read_to_end().empty());
}

TEST_CASE("HTTP/1.0 gets its answer, closed at the end, without chunks") {
    running_server server;
    const auto body = chat("ten words", R"(,"stream":true)");
    raw_client client(server.port());
    client.send("POST /v1/chat/completions HTTP/1.0\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
    const auto answer = client.read();
    CHECK(answer.status == 200);
    CHECK_FALSE(answer.headers.contains("transfer-encoding"));
    CHECK(answer.headers.at("connection") == "close");
    CHECK(answer.body.ends_with("data: [DONE]\n\n"));
    const auto whole = ask(server, "GET /health HTTP/1.0\r\n\r\n");
    CHECK(whole.headers.at("connection") == "close");
    CHECK(whole.body == R"({"status":"ok"})");
}

TEST_CASE("bytes that are not HTTP, and framing that contradicts itself") {
    running_server server;
    CHECK(ask(server, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n").status == 400);
    CHECK(ask(server, "GET /health HTTP/3.0\r\n\r\n").status == 400);
    CHECK(ask(server, "POST /v1/completions HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: "
                      "chunked\r\n\r\n")
              .status == 400);
    CHECK(ask(server, "POST /v1/completions HTTP/1.1\r\nContent-Length: -5\r\n\r\n").status == 400);
    CHECK(ask(server, "POST /v1/completions HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nx").status ==
          501);
}

TEST_CASE("Expect: 100-continue is answered before the body is sent") {
    running_server server;
    raw_client client(server.port());
    const auto body = chat("patient");
    client.send("POST /v1/chat/completions HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n");
    CHECK(client.read(false).status == 100);
    client.send(body);
    CHECK(client.read().status == 200);
}

TEST_CASE("more connections than are allowed are told so") {
    running_server server({.max_connections = 2});
    raw_client one(server.port()), two(server.port());
    one.send(get("/health"));
    two.send(get("/health"));
    CHECK(one.read().status == 200);
    CHECK(two.read().status == 200);
    const auto answer = ask(server, get("/health"));
    CHECK(answer.status == 503);
    CHECK(answer.headers.contains("retry-after"));
}

TEST_CASE("what a pipeline refuses has its status") {
    running_server server;
    const auto busy = chat_answer(server, chat("busy"));
    CHECK(busy.status == 429);
    CHECK(busy.headers.at("retry-after") == "3");
    CHECK(error_of(busy) ==
          "All 4 places in the queue are taken. | rate_limit_error | null | rate_limit_exceeded");
    CHECK(chat_answer(server, chat("broken", R"(,"stream":true)")).status == 500);
    const auto early = chat_answer(server, chat("fail early"));
    CHECK(early.status == 500);
    CHECK(error_of(early) ==
          "The engine lost its worker 192.168.1.20. | server_error | null | internal_error");
    CHECK(chat_answer(server, chat("fail late")).status == 500);
}
