// The client against a scripted server: every way in which a server can fail.
#include <chrono>
#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "harness.hpp"
#include "http_harness.hpp"
#include "net/retry_after.hpp"
#include "support/free_port.hpp"
#include "support/scripted_server.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("errors of a server are answers, with the advice when to come back") {
    scripted_server server({replies(429, R"({"error":"slow down"})", "Retry-After: 7\r\n"), replies(500, "no"), replies(200, "yes")});
    net::http_client client;
    heard limited, failed, good;
    begin(client, get(server.url()), limited);
    REQUIRE(limited.whole());
    CHECK(limited.head().status == 429);
    CHECK(limited.head().retry_after == 7s);
    begin(client, get(server.url()), failed);
    REQUIRE(failed.whole());
    CHECK(failed.head().status == 500);
    begin(client, get(server.url()), good);
    REQUIRE(good.whole());
    CHECK(good.body() == "yes");
}

TEST_CASE("a server that is not there") {
    const auto port = std::to_string(free_port());
    const auto refused = failure_of(get("http://127.0.0.1:" + port));
    CHECK(refused.code == code::unavailable);
    CHECK(refused.message == "Nothing answers at http://127.0.0.1:" + port +
                                 " (connection refused); start that server, or correct url.");
    const auto unnamed = failure_of(get("http://no-such-name.invalid/"));
    CHECK(unnamed.code == code::unavailable);
    CHECK_THAT(unnamed.message, ContainsSubstring("The name no-such-name.invalid of the server at") && ContainsSubstring("has no address"));
}

TEST_CASE("a server that takes its time") {
    scripted_server mute({stalls()}), half({stalls("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")});
    auto request = get(mute.url());
    request.first_byte_timeout = 200ms;
    const auto slow = failure_of(request);
    CHECK(slow.code == code::timed_out);
    CHECK(slow.message == "The server at " + mute.url() + " did not begin to answer within 200 ms.");
    request = get(half.url());
    request.idle_timeout = 200ms;
    const auto stalled = failure_of(request);
    CHECK(stalled.code == code::timed_out);
    CHECK(stalled.message == "The server at " + half.url() + " sent no more of its answer within 200 ms.");
}

TEST_CASE("a head that comes a byte at a time has no longer than one that does not come") {
    scripted_server server({[](scripted_server::line& to, const std::string&) {
        to.send("HTTP/1.1 200 OK\r\nX: ");
        while (to.send("x")) std::this_thread::sleep_for(50ms);
    }});
    auto request = get(server.url());
    request.first_byte_timeout = 300ms;
    const auto begun = std::chrono::steady_clock::now();
    const auto slow = failure_of(request);
    CHECK(std::chrono::steady_clock::now() - begun < 10s);
    CHECK(slow.code == code::timed_out);
    CHECK(slow.message == "The server at " + server.url() + " did not begin to answer within 300 ms.");
}

TEST_CASE("a server that talks nonsense, or too much") {
    const auto said = [](const std::string& bytes, std::size_t most = 1000) {
        scripted_server server({says(bytes)});
        auto request = get(server.url());
        request.max_body_bytes = most;
        return failure_of(request);
    };
    CHECK(said("SSH-2.0-OpenSSH\r\n\r\n").code == code::corrupt);
    CHECK_THAT(said("SSH-2.0-OpenSSH\r\n\r\n").message, ContainsSubstring("does not answer in HTTP/1.1"));
    CHECK_THAT(said("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n").message, ContainsSubstring("sent a damaged answer"));
    CHECK_THAT(said("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello").message, ContainsSubstring("broke off in the middle"));
    CHECK_THAT(said("HTTP/1.1 200 OK\r\nX: " + std::string(70000, 'x')).message, ContainsSubstring("head of more than 64 KiB"));
    CHECK_THAT(said("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n").message, ContainsSubstring("more than 1000 bytes"));
    CHECK_THAT(said("HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x')).message, ContainsSubstring("more than 1000 bytes"));
    CHECK_THAT(said("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n").message, ContainsSubstring("more than 1000 bytes"));
    CHECK_THAT(said("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(200000, 'x')).message,
               ContainsSubstring("sent a damaged answer"));
}

TEST_CASE("an endless body ends at the limit") {
    scripted_server server({[](scripted_server::line& to, const std::string&) {
        to.send("HTTP/1.1 200 OK\r\n\r\n");
        const std::string block(65536, 'x');
        while (to.send(block)) {
        }
    }});
    auto request = get(server.url());
    request.max_body_bytes = 1U << 20U;
    const auto endless = failure_of(request);
    CHECK(endless.code == code::corrupt);
    CHECK_THAT(endless.message, ContainsSubstring("more than 1048576 bytes"));
}

TEST_CASE("interim answers are passed over, but not for ever") {
    scripted_server hints({says("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")});
    net::http_client client;
    heard answer;
    begin(client, get(hints.url()), answer);
    REQUIRE(answer.whole());
    CHECK(answer.body() == "ok");
    std::string endless;
    for (int i = 0; i < 100; ++i) endless += "HTTP/1.1 100 Continue\r\n\r\n";
    scripted_server stuck({says(endless)});
    CHECK_THAT(failure_of(get(stuck.url())).message, ContainsSubstring("never got beyond the interim status 100"));
}

TEST_CASE("only what may be sent twice is sent again") {
    const auto lost_once = [](scripted_server::line& to, const std::string&) { to.vanish(); };
    SECTION("a GET whose connection was reset before a byte came") {
        scripted_server server({lost_once, lost_once, replies(200, "third time")});
        net::http_client client;
        heard answer;
        begin(client, get(server.url()), answer);
        REQUIRE(answer.whole());
        CHECK(answer.body() == "third time");
    }
    SECTION("a POST that says so") {
        scripted_server server({lost_once, replies(200, "again")});
        net::http_client client;
        heard answer;
        auto request = post(server.url(), "{}");
        request.repeatable = true;
        begin(client, request, answer);
        REQUIRE(answer.whole());
        CHECK(server.requests().size() == 2);
    }
    SECTION("no other POST, and nothing whose answer had begun") {
        scripted_server server({lost_once});
        CHECK_THAT(failure_of(post(server.url(), "{}")).message, ContainsSubstring("closed the connection before it answered"));
        CHECK(server.requests().size() == 1);
        scripted_server begun({says("HTTP/1.1 200 OK\r\nContent-")});
        failure_of(get(begun.url()));
        CHECK(begun.requests().size() == 1);
    }
    SECTION("not for ever") {
        scripted_server server({lost_once});
        failure_of(get(server.url()));
        CHECK(server.requests().size() == 3);
    }
}

TEST_CASE("Retry-After: seconds, a date, or nothing") {
    const auto now = std::chrono::system_clock::from_time_t(784111777); // Sun, 06 Nov 1994 08:49:37 GMT
    CHECK(net::read_retry_after("3", now) == 3s);
    CHECK(net::read_retry_after("0.5", now) == 500ms);
    CHECK(net::read_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now) == 30s);
    CHECK(net::read_retry_after("Sun, 06 Nov 1994 08:49:07 GMT", now) == 0s);
    CHECK(net::read_retry_after("1e300", now) == 24h);
    for (const auto* nothing : {"", "-5", "soon", "nan", "3 s", "Sunday"}) CHECK(net::read_retry_after(nothing, now) == 0s);
}
