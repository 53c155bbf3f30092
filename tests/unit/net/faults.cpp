// Links that break, stall or are abused, through a relay or from one of the ends.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "harness.hpp"
#include "support/raw_client.hpp"
#include "support/relay.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;

namespace {

constexpr auto upgrade = "GET /v1/peer/session HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                         "Authorization: Bearer secret\r\n\r\n";

net::link_limits quick() {
    return {.ping_interval = 200ms};
}

} // namespace

TEST_CASE("frames split at every byte") {
    const bool encrypted = GENERATE(false, true);
    const temporary_folder folder;
    auto options = with_token();
    if (encrypted) options.tls = net::load_or_make_identity(folder.path).value();
    echo_server server(options);
    relay between(server.port(), {.piece = 1});
    auto near = to(between.port());
    near.peer.tls = encrypted;
    if (encrypted) near.fingerprint = options.tls->fingerprint;
    client one(near);
    REQUIRE(one.ups.wait(1).size() == 1);
    const std::vector<std::string> sent{std::string(300, 'a'), "", "b", std::string(20000, 'c')};
    for (const auto& text : sent) REQUIRE(one.link->send(text));
    CHECK(one.messages.wait(sent.size()) == sent);
}

TEST_CASE("a machine that accepts and says nothing") {
    echo_server server(with_token());
    relay between(server.port());
    between.freeze(true);
    auto options = to(between.port());
    options.connect_timeout = 200ms;
    client one(options);
    CHECK(one.downs.wait(1).at(0).find(" did not answer within 200 ms; check the address") != std::string::npos);
    between.freeze(false);
    CHECK(one.ups.wait(1).size() == 1);
}

TEST_CASE("a farewell to a frozen machine takes no longer than it should") {
    auto server = std::make_unique<echo_server>(with_token());
    relay between(server->port());
    auto one = std::make_unique<client>(between.port());
    REQUIRE(one->ups.wait(1).size() == 1);
    between.freeze(true);
    const auto since = std::chrono::steady_clock::now();
    one.reset();
    server.reset();
    CHECK(std::chrono::steady_clock::now() - since < 5s);
}

TEST_CASE("an idle link stays up by pings alone") {
    echo_server server(with_token(quick()));
    relay between(server.port());
    client one(between.port(), quick());
    REQUIRE(one.ups.wait(1).size() == 1);
    const auto greeting = between.forwarded();
    CHECK(comes_true([&] { return between.forwarded() > greeting + 100; })); // more than a second of pings
    CHECK(one.downs.size() + server.closed.size() == 0);
}

TEST_CASE("a half-open link is noticed at both ends, and made anew") {
    echo_server server(with_token(quick()));
    relay between(server.port());
    client one(between.port(), quick());
    REQUIRE(one.ups.wait(1).size() == 1);
    const auto since = std::chrono::steady_clock::now();
    between.freeze(true);
    CHECK(one.downs.wait(1).at(0).find(" has been silent for 0.6") != std::string::npos);
    CHECK(server.closed.wait(1).at(0).find(" has been silent for 0.6") != std::string::npos);
    CHECK(std::chrono::steady_clock::now() - since < 3s);
    between.freeze(false);
    REQUIRE(one.ups.wait(2).size() == 2);
    REQUIRE(one.link->send("again"));
    CHECK(one.messages.wait(1) == std::vector<std::string>{"again"});
}

TEST_CASE("a cut link comes back") {
    echo_server server(with_token());
    relay between(server.port());
    client one(between.port());
    for (std::size_t round = 1; round <= 5; ++round) {
        REQUIRE(one.ups.wait(round).size() == round);
        between.cut();
        REQUIRE(one.downs.wait(round).size() == round);
    }
    CHECK(server.closed.wait(5).size() == 5);
}

TEST_CASE("a message that is too large") {
    SECTION("for the receiver") {
        auto small = with_token();
        small.limits.max_message_bytes = 1000;
        echo_server server(small);
        client one(server.port());
        REQUIRE(one.ups.wait(1).size() == 1);
        REQUIRE(one.link->send(std::string(1000, 'x')));
        CHECK(one.messages.wait(1).size() == 1);
        REQUIRE(one.link->send(std::string(1001, 'x')));
        CHECK(one.downs.wait(1).at(0).ends_with(" refused a message as too large."));
        CHECK(server.closed.wait(1).at(0).ends_with(" sent a message of more than 1000 bytes, the most a link carries."));
        CHECK(server.messages.size() == 1);
    }
    SECTION("for the sender") {
        echo_server server(with_token());
        client one(server.port());
        REQUIRE(one.ups.wait(1).size() == 1);
        CHECK_FALSE(one.link->send(std::string((1U << 20U) + 1, 'x')));
        CHECK(one.downs.wait(1).at(0).ends_with(" was to be sent a message of 1048577 bytes, more than the 1048576 a link carries."));
    }
}

TEST_CASE("a machine that never reads costs no more than the limit") {
    echo_server server(with_token(), false);
    raw_client deaf(server.port());
    deaf.send(upgrade);
    REQUIRE(deaf.read_until("\r\n\r\n").starts_with("HTTP/1.1 101"));
    REQUIRE(server.opened.wait(1).size() == 1);
    const std::string block(100000, 'x');
    std::size_t taken = 0;
    while (taken < 1000 && server.sessions.at(0)->send(block)) ++taken;
    CHECK(taken < 1000); // 4 MiB here and what the kernel buffers
    CHECK(taken >= 41);
    CHECK(server.closed.wait(1).at(0).find(" does not read: ") != std::string::npos);
    CHECK(comes_true([&] { return server.listening->connections() == 0; }));
}

TEST_CASE("sessions that are abandoned leave nothing behind") {
    auto options = with_token(quick());
    options.max_connections = 300;
    echo_server server(options);
    std::vector<std::unique_ptr<raw_client>> silent;
    for (int i = 0; i < 200; ++i) {
        auto one = std::make_unique<raw_client>(server.port());
        one->send(upgrade);
        if (i % 4 != 0) REQUIRE(one->read_until("\r\n\r\n").starts_with("HTTP/1.1 101"));
        if (i % 4 == 1) one->vanish();
        if (i % 4 == 2) silent.push_back(std::move(one)); // answers no ping
    }
    CHECK(comes_true([&] { return server.listening->connections() == 0; }));
    CHECK(server.listening->sessions() == 0);
    CHECK(server.opened.size() == server.closed.wait(server.opened.size()).size());
    CHECK(server.opened.size() >= 150);
}

TEST_CASE("frames that no WebSocket has") {
    echo_server server(with_token());
    const std::vector<std::string> garbage{std::string(20, '\xff'), "\x82\x05hello",
                                           "\x82" + std::string(13, '\xff') + "no such length",
                                           "\x89\xfe" + std::string(14, 'p') + "a ping that is too long"};
    for (const auto& frame : garbage) {
        raw_client bad(server.port());
        bad.send(upgrade);
        REQUIRE(bad.read_until("\r\n\r\n").starts_with("HTTP/1.1 101"));
        bad.send(frame);
        bad.read_to_end();
    }
        for (const auto& why : server.closed.wait(garbage.size())) CHECK(why.find(" sent ") != std::string::npos);
    CHECK(server.closed.size() == garbage.size());
    CHECK(server.messages.size() == 0);
}

TEST_CASE("links that come and go while others talk") {
    echo_server server(with_token());
    client steady(server.port());
    REQUIRE(steady.ups.wait(1).size() == 1);
    for (int i = 0; i < 20; ++i) {
        client brief(server.port());
        if (i % 2 == 0) brief.ups.wait(1);
        brief.link->send("x");
        REQUIRE(steady.link->send("y"));
    }
    CHECK(steady.messages.wait(20).size() == 20);
    CHECK(comes_true([&] { return server.listening->sessions() == 1; }));
}
