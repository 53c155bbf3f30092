// Whom the client believes and whom it asks: redirects, strangers' URLs, certificates, what cannot be sent.
#include <chrono>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "harness.hpp"
#include "http_harness.hpp"
#include "support/scripted_server.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("redirects are not followed, neither to a private address nor elsewhere") {
    scripted_server secret({replies(200, "the metadata")});
    scripted_server server({replies(302, "", "Location: " + secret.url("/latest/meta-data") + "\r\n"),
                            replies(307, "", "Location: //elsewhere.example/\r\n")});
    const auto to_private = failure_of(get(server.url()));
    CHECK(to_private.code == code::unavailable);
    CHECK_THAT(to_private.message, ContainsSubstring("redirects to '" + secret.url("/latest/meta-data") + "' (HTTP status 302), which is not followed"));
    CHECK_THAT(failure_of(get(server.url())).message, ContainsSubstring("//elsewhere.example/"));
    CHECK(secret.connections() == 0);
}

TEST_CASE("a stranger's URL reaches nothing in the own network, whatever its form") {
    scripted_server server({replies(200, "secret")});
    const auto port = std::to_string(server.port());
    for (const auto& host : {"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001", "127.1", "0"}) {
        INFO(host);
        auto request = get("http://" + std::string(host) + ":" + port);
        request.author = net::url_author::stranger;
        const auto refused = failure_of(request);
        CHECK(refused.code == code::unavailable);
        CHECK_THAT(refused.message, ContainsSubstring("is not asked: its address"));
    }
    CHECK_THAT(failure_of(get("http://169.254.169.254/latest/meta-data")).message, ContainsSubstring("link-local"));
    CHECK(server.connections() == 0);
}

TEST_CASE("a stranger's URL gets no connection that the operator's request left open") {
    scripted_server server({replies(200, "mine"), replies(200, "secret")});
    net::http_client client;
    heard own, again, strange;
    begin(client, get(server.url()), own);
    REQUIRE(own.whole());
    REQUIRE(comes_true([&] { return client.idle_connections() == 1; }));
    auto request = get(server.url());
    request.author = net::url_author::stranger;
    begin(client, request, strange);
    CHECK_THAT(strange.failure().message, ContainsSubstring("is not asked: its address"));
    CHECK(server.requests().size() == 1);
    begin(client, get(server.url()), again); // the operator still has it
    CHECK(again.whole());
    CHECK(server.connections() == 1);
}

TEST_CASE("what cannot be sent is refused at once") {
    net::http_client client;
    heard none;
    const auto refused = [&](net::web_request request) { return client.start(std::move(request), none.events()).error().message; };
    CHECK_THAT(refused(get("ftp://den")), ContainsSubstring("is no URL of a server"));
    auto request = get("http://den");
    request.headers = {{"Authorization", "Bearer a\r\nX: y"}};
    CHECK_THAT(refused(request), ContainsSubstring("The header Authorization of the request holds a control character"));
    CHECK(refused(request).find("Bearer") == std::string::npos);
    request.headers = {{"a b", "c"}};
    CHECK_THAT(refused(request), ContainsSubstring("a name that no header can have"));
    request = get("http://den");
    request.method = "DELETE";
    CHECK_THAT(refused(request), ContainsSubstring("GET or POST"));
}

TEST_CASE("TLS: the certificate must be trusted, and made out for the name") {
    const temporary_folder folder;
    const auto right = (folder.path / "right.pem").string(), wrong = (folder.path / "wrong.pem").string();
    make_certificate(right, "DNS:localhost,IP:127.0.0.1");
    make_certificate(wrong, "DNS:elsewhere.example");
    scripted_server good({replies(200, "sealed")}, right), other({replies(200, "sealed")}, wrong), plain({replies(200, "open")});
    auto request = get(good.url("/", "https"));
    request.ca_file = right;
    net::http_client client;
    for (int i = 0; i < 2; ++i) {
        heard answer;
        begin(client, request, answer);
        REQUIRE(answer.whole());
        CHECK(answer.body() == "sealed");
    }
    CHECK(good.connections() == 1);
    request.url = "https://localhost:" + std::to_string(good.port());
    heard by_name;
    begin(client, request, by_name);
    CHECK(by_name.whole());

    request = get(other.url("/", "https"));
    request.ca_file = wrong;
    const auto mismatch = failure_of(request);
    CHECK(mismatch.code == code::unavailable);
    CHECK_THAT(mismatch.message, ContainsSubstring("shows a certificate that is not trusted for 127.0.0.1 (IP address mismatch)"));
    request.url = "https://localhost:" + std::to_string(other.port());
    CHECK_THAT(failure_of(request).message, ContainsSubstring("is not trusted for localhost (hostname mismatch)"));
    request.ca_file.clear();
    CHECK_THAT(failure_of(request).message, ContainsSubstring("not trusted"));
    CHECK(other.requests().empty());

    auto impatient = get(plain.url("/", "https"));
    impatient.connect_timeout = 300ms;
    CHECK(failure_of(impatient).code == code::timed_out);
    request.ca_file = (folder.path / "none.pem").string();
    CHECK_THAT(failure_of(request).message, ContainsSubstring("none.pem cannot be read"));
}
