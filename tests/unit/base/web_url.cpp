// URLs of servers, taken apart or refused.
#include "base/web_url.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace tw;

TEST_CASE("a URL is taken apart") {
    const auto url = net::parse_web_url("HTTPS://Api.Example.COM/v1/Chat?q=A").value();
    CHECK(url.tls);
    CHECK(url.host == "api.example.com");
    CHECK(url.port == 443);
    CHECK(url.target == "/v1/Chat?q=A");
    CHECK(url.origin() == "https://api.example.com:443");
    CHECK(url.authority() == "api.example.com");
    CHECK(net::parse_web_url("http://den:8080").value().target == "/");
    CHECK(net::parse_web_url("http://den:8080").value().authority() == "den:8080");
    CHECK(net::parse_web_url("http://[::1]:8080/x").value().host == "::1");
    CHECK(net::parse_web_url("http://[::1]/x").value().authority() == "[::1]");
    CHECK(net::parse_web_url("http://den?a=b").value().target == "/?a=b");
    CHECK(net::parse_web_url("http://2130706433/").value().host == "2130706433"); // its look-up gives 127.0.0.1
}

TEST_CASE("what is no URL of a server is refused in a sentence") {
    for (const auto* text :
         {"", "den", "//den", "ftp://den", "file:///etc/passwd", "gopher://den", "unix:/run/x", "http:/den", "http://", "http://:80",
          "http://den:", "http://den:0", "http://den:65536", "http://den:8x", "http://a b", "http://den/a b", "http://den/\r\nX: y",
          "http://den/#x", "http://user@den", "http://user:secret@den/", "http://[::1", "http://[::1]x", "http://[den]/",
          "http://::1/", "http://d\xc3\xa9n/", "http://den\\x", "http://den/\x7f", "http://%31/", "javascript:alert(1)"}) {
        INFO(text);
        const auto parsed = net::parse_web_url(text);
        REQUIRE(parsed.has_error());
        CHECK(parsed.error().code == code::invalid_argument);
        CHECK(parsed.error().message.ends_with("; write http://HOST:PORT or https://HOST."));
        CHECK(parsed.error().message.find("secret") == std::string::npos);
    }
    CHECK(net::parse_web_url("http://den/" + std::string(9000, 'a')).has_error());
}
