// Plain HTTP on the links' port: health for all, the rest with the token, bad clients turned away.
#include <catch2/catch_test_macros.hpp>

#include <thread>

#include "harness.hpp"
#include "support/raw_client.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;

namespace {

constexpr auto token = "Authorization: Bearer secret\r\n";

http_answer ask(const echo_server& server, std::string_view request) {
    raw_client one(server.port());
    one.send(request);
    return one.read();
}

} // namespace

TEST_CASE("health tells everyone that it is up and no more") {
    echo_server server(with_token());
    const auto answer = ask(server, get("/health"));
    CHECK(answer.status == 200);
    CHECK(answer.body == R"({"status":"up"})");
    CHECK_FALSE(answer.headers.contains("server"));
}

TEST_CASE("anything else needs the token") {
    echo_server server(with_token());
    for (const auto* path : {"/", "/v1/peer/session", "/v1/peer/status", "/health/"}) {
        CHECK(ask(server, get(path)).status == 401);
        CHECK(ask(server, get(path, "Authorization: Bearer secre\r\n")).status == 401);
        CHECK(ask(server, get(path, "Authorization: Basic secret\r\n")).status == 401);
    }
    CHECK(ask(server, post("/health", "{}")).status == 401);
    CHECK(ask(server, get("/v1/peer/session", token)).status == 426);
}

TEST_CASE("other requests reach the handler, several on a connection") {
    echo_server server(with_token());
    raw_client one(server.port());
    one.send(get("/v1/x?y=1", token));
    CHECK(one.read().body == R"({"you":"GET /v1/x?y=1 "})");
    one.send(post("/v1/z", "body", token));
    CHECK(one.read().body == R"({"you":"POST /v1/z body"})");
    one.send("DELETE /v1/z HTTP/1.1\r\nHost: x\r\n" + std::string(token) + "\r\n");
    CHECK(one.read().status == 404);
}

TEST_CASE("requests that are too large") {
    echo_server server(with_token());
    CHECK(ask(server, get("/", "X: " + std::string(9000, 'x') + "\r\n")).status == 431);
    CHECK(ask(server, "POST /x HTTP/1.1\r\n" + std::string(token) + "Content-Length: 65537\r\n\r\n").status == 413);
    const auto chunk = "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
    CHECK(ask(server, "POST /x HTTP/1.1\r\n" + std::string(token) + "Transfer-Encoding: chunked\r\n\r\n" + chunk + chunk +
                          chunk + "0\r\n\r\n")
              .status == 413);
    CHECK(ask(server, post("/x", std::string(65536, 'x'), token)).status == 200);
}

TEST_CASE("what is not HTTP") {
    echo_server server(with_token());
    CHECK(ask(server, "\x16\x03\x01\x02\x00garbage\r\n\r\n").status == 400);
    CHECK(ask(server, "\r\n\r\n\r\n\r\nno\r\n\r\n").status == 400);
    raw_client silent(server.port());
    CHECK(comes_true([&] { return server.listening->connections() == 1; }));
}

TEST_CASE("clients that are too slow are left") {
    auto options = with_token();
    options.request_timeout = 300ms;
    options.idle_timeout = 600ms;
    echo_server server(options);
    raw_client silent(server.port()), slow(server.port()), idle(server.port()), bodiless(server.port());
    slow.send("GET /health HTTP/1.1\r\nHo");
    bodiless.send("POST /x HTTP/1.1\r\n" + std::string(token) + "Content-Length: 10\r\n\r\nabc");
    idle.send(get("/health"));
    CHECK(idle.read().status == 200);
    CHECK(slow.read_to_end().empty());
    CHECK(silent.read_to_end().empty());
    bodiless.read_to_end();
    CHECK(idle.read_to_end().empty());
    CHECK(comes_true([&] { return server.listening->connections() == 0; }));
}

TEST_CASE("more connections than allowed are told so") {
    auto options = with_token();
    options.max_connections = 2;
    echo_server server(options);
    client first(server.port()), second(server.port());
    REQUIRE(first.ups.wait(1).size() == 1);
    REQUIRE(second.ups.wait(1).size() == 1);
    CHECK(ask(server, get("/health")).status == 503);
    client third(server.port());
    CHECK(third.downs.wait(1).at(0).find("already serves as many connections as it takes") != std::string::npos);
    first.link.reset();
    CHECK(third.ups.wait(1).size() == 1);
}

TEST_CASE("the listener waits for a request that runs") {
    std::atomic<bool> began = false, ended = false;
    auto options = with_token();
    net::listener_events events{.opened = [](const auto&) {}, .message = [](auto&, auto) {}, .closed = [](auto&, auto&) {}};
    events.http = [&](const net::http_request&) -> net::http_reply {
        began = true;
        std::this_thread::sleep_for(100ms);
        ended = true;
        throw std::runtime_error("no answer");
    };
    auto listening = net::listener::open(options, events).value();
    raw_client one(listening->port());
    one.send(get("/x", token));
    REQUIRE(comes_true([&] { return began.load(); }));
    listening.reset();
    CHECK(ended);
}
