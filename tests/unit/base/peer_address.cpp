// What may stand behind `url` for a peer, and what is said about the rest.
#include <catch2/catch_test_macros.hpp>

#include "base/peer_address.hpp"

using namespace tw::net;

TEST_CASE("addresses of peers") {
    CHECK(parse_peer_address("tw://den").value() == peer_address{"den", 9191, false});
    CHECK(parse_peer_address("tws://den.local:443").value() == peer_address{"den.local", 443, true});
    CHECK(parse_peer_address("tw://192.168.1.20:9292").value() == peer_address{"192.168.1.20", 9292, false});
    CHECK(parse_peer_address("tws://[::1]").value() == peer_address{"::1", 9191, true});
    CHECK(parse_peer_address("tw://[fe80::1%eth0]:1").value() == peer_address{"fe80::1%eth0", 1, false});
    for (const auto* text : {"tw://den:9191", "tws://[::1]:9191"})
        CHECK(parse_peer_address(text).value().url() == text);
}

TEST_CASE("what is no address of a peer") {
    const auto refused = [](std::string_view text) {
        const auto parsed = parse_peer_address(text);
        return parsed ? "accepted" : parsed.error().message;
    };
    CHECK(refused("http://den") == "'http://den' is no peer address: it does not begin with tw:// or tws://; write "
                                   "tw://HOST:9191, or tws://HOST:9191 for TLS.");
    CHECK(refused("tw://").find("the host is missing") != std::string::npos);
    CHECK(refused("tw://:9191").find("the host is missing") != std::string::npos);
    CHECK(refused("tw://den/").find("a host is made of") != std::string::npos);
    CHECK(refused("tw://me@den").find("a host is made of") != std::string::npos);
    CHECK(refused("tw://den\r\nX: y").find("a host is made of") != std::string::npos);
    CHECK(refused("tw://::1").find("needs brackets") != std::string::npos);
    CHECK(refused("tw://[::1").find("not closed") != std::string::npos);
    CHECK(refused("tw://[den]").find("no IPv6 address") != std::string::npos);
    CHECK(refused("tw://[::1]x").find("nothing but a port") != std::string::npos);
    for (const auto* text : {"tw://den:", "tw://den:0", "tw://den:65536", "tw://den:9191/x", "tw://den:-1", "tw://den: 1"})
        CHECK(refused(text).find("the port must be a number from 1 to 65535") != std::string::npos);
    CHECK(refused("tw://" + std::string(400, 'a')).find("it is 405 characters long") != std::string::npos);
}
