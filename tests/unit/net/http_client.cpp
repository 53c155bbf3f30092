// The client against a scripted server: what works, what is kept, how it ends.
#include <atomic>
#include <chrono>
#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "harness.hpp"
#include "http_harness.hpp"
#include "support/scripted_server.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a question and its answer") {
    scripted_server server({replies(200, R"({"ok":true})", "X-Kind: test\r\n")});
    net::http_client client;
    heard answer;
    begin(client, post(server.url("/v1/x?y=1"), "{}"), answer);
    REQUIRE(answer.whole());
    CHECK(answer.head().status == 200);
    CHECK(answer.body() == R"({"ok":true})");
    bool found = false;
    for (const auto& [name, value] : answer.head().headers) found = found || (name == "x-kind" && value == "test");
    CHECK(found);
    const auto asked = server.requests().at(0);
    CHECK(asked.starts_with("POST /v1/x?y=1 HTTP/1.1\r\n"));
    CHECK_THAT(asked, ContainsSubstring("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n") &&
                          ContainsSubstring("Content-Type: application/json\r\n") &&
                          ContainsSubstring("Content-Length: 2\r\n"));
}

TEST_CASE("a connection is kept and used again; one that its server closed is not") {
    scripted_server server({replies(200, "one"), replies(200, "two"), says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthree"),
                            replies(200, "four")});
    net::http_client client;
    for (const auto* body : {"one", "two", "three", "four"}) {
        heard answer;
        begin(client, get(server.url()), answer);
        REQUIRE(answer.whole());
        CHECK(answer.body() == body);
    }
    CHECK(server.connections() == 2);
    CHECK(comes_true([&] { return client.idle_connections() == 1; }));
}

TEST_CASE("each chunk is handed on before the next one comes") {
    std::atomic<int> released{0};
    scripted_server server({[&](scripted_server::line& to, const std::string&) {
        to.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 3; ++i) {
            to.send("5\r\nhello\r\n");
            comes_true([&] { return released > i; });
        }
        to.send("0\r\n\r\n");
    }});
    net::http_client client;
    heard answer;
    begin(client, get(server.url()), answer);
    for (std::size_t i = 1; i <= 3; ++i) {
        CHECK(answer.wait_chunks(i).size() == i);
        ++released;
    }
    CHECK(answer.whole());
}

TEST_CASE("an answer is read whatever its framing and wherever it is split") {
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nT: t\r\n\r\n";
    const std::string sized = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world";
    const std::string until_end = "HTTP/1.1 200 OK\r\n\r\nhello world";
    for (const auto& bytes : {chunked, sized, until_end}) {
        std::atomic<std::size_t> cut{0};
        scripted_server server({[&](scripted_server::line& to, const std::string&) {
            const std::size_t at = cut;
            to.send(bytes.substr(0, at));
            std::this_thread::sleep_for(1ms); // so that the halves are read one by one, mostly
            to.send(bytes.substr(at));
        }});
        net::http_client client;
        for (; cut <= bytes.size(); ++cut) {
            INFO(cut.load());
            heard answer;
            begin(client, get(server.url()), answer);
            REQUIRE(answer.whole());
            REQUIRE(answer.body() == "hello world");
        }
    }
}

TEST_CASE("a request that nobody waits for ends") {
    for (int round = 0; round < 20; ++round) {
        scripted_server server({stalls(round % 2 == 0 ? "" : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")});
        net::http_client client;
        heard answer;
        begin(client, get(server.url()), answer);
        if (round % 2 == 1) answer.wait_chunks(1);
        answer.gone = true;
        CHECK(answer.failure().code == code::cancelled);
    }
}

TEST_CASE("a client that is dropped ends what runs") {
    for (int round = 0; round < 50; ++round) {
        scripted_server server({stalls("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")});
        std::vector<heard> all(8);
        {
            net::http_client client;
            for (auto& one : all) begin(client, get(server.url()), one);
            if (round % 2 == 0) all[0].wait_chunks(1);
        }
        for (auto& one : all) CHECK(one.failure().code == code::cancelled);
    }
}

TEST_CASE("hundreds of requests at once share the connections") {
    scripted_server server({replies(200, "ok")});
    net::http_client client;
    for (int round = 0; round < 3; ++round) {
        std::vector<heard> all(100);
        for (auto& one : all) begin(client, post(server.url(), "{}"), one);
        for (auto& one : all) {
            REQUIRE(one.whole());
            CHECK(one.body() == "ok");
        }
    }
    CHECK(server.requests().size() == 300);
    CHECK(client.idle_connections() <= 32);
}

TEST_CASE("no more is read while who listens is behind, and no limit runs meanwhile") {
    const std::string body(2U << 20U, 'x');
    scripted_server server({replies(200, body)});
    net::http_client client;
    std::atomic<int> asked{0};
    std::atomic<bool> behind{true};
    std::atomic<std::size_t> got{0};
    heard answer;
    auto events = answer.events();
    events.chunk = [&got, chunk = std::move(events.chunk)](std::string_view bytes) {
        got += bytes.size();
        chunk(bytes);
    };
    events.full = [&] {
        ++asked;
        return behind.load();
    };
    auto request = get(server.url());
    request.idle_timeout = 200ms;
    REQUIRE(client.start(request, std::move(events)).has_value());
    while (asked < 100) std::this_thread::sleep_for(1ms); // half a second and more
    CHECK(got < body.size());
    behind = false;
    REQUIRE(answer.whole());
    CHECK(answer.body() == body);

    heard left; // and nobody waits for ever
    auto never = left.events();
    never.full = [] { return true; };
    REQUIRE(client.start(get(server.url()), std::move(never)).has_value());
    left.gone = true;
    CHECK(left.failure().code == code::cancelled);
}
