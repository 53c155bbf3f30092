// Messages both ways, plain and encrypted, and who is let in.
#include <catch2/catch_test_macros.hpp>

#include <sys/stat.h>

#include <fstream>

#include "harness.hpp"
#include "net/peer_questions.hpp"
#include "support/relay.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;

namespace {

void echoes(client& one) {
    REQUIRE(one.ups.wait(1).size() == 1);
    const std::vector<std::string> sent{"a", "", std::string("\0\xff\n", 3), std::string(200000, 'x'), "last"};
    for (const auto& text : sent) REQUIRE(one.link->send(text));
    CHECK(one.messages.wait(sent.size()) == sent);
}

net::connection_options encrypted(const echo_server& server, std::string fingerprint) {
    auto out = to(server.port());
    out.peer.tls = true;
    out.fingerprint = std::move(fingerprint);
    return out;
}

} // namespace

TEST_CASE("messages come back in order") {
    echo_server server(with_token());
    client one(server.port());
    echoes(one);
    CHECK(server.listening->sessions() == 1);
    one.link.reset();
    CHECK(server.closed.wait(1).at(0).ends_with(" closed the link: it stops"));
    CHECK(server.listening->sessions() == 0);
}

TEST_CASE("no peer's address leads to a metadata service or to many machines at once") {
    auto away = to(9191);
    for (const auto* host : {"169.254.169.254", "fd00:ec2::254", "224.0.0.1", "255.255.255.255", "::ffff:169.254.169.254"}) {
        away.peer.host = host;
        client one(away);
        INFO(host);
        CHECK(one.downs.wait(1).at(0).find(" is not dialled: its address " + std::string(host) + " is ") != std::string::npos);
    }
}

TEST_CASE("where only public addresses are dialled, a peer at a private one is not") {
    auto away = to(9191);
    away.public_only = true;
    for (const auto* host : {"127.0.0.1", "10.0.0.1", "192.168.1.20", "100.64.0.1", "::1", "fd00::1", "::ffff:10.0.0.1", "169.254.169.254"}) {
        away.peer.host = host;
        client one(away);
        INFO(host);
        CHECK(one.downs.wait(1).at(0).find(" is not dialled: its address " + std::string(host) + " is ") != std::string::npos);
    }
    const auto asked = net::ask_peer(away, {"/health"});
    CHECK(asked.error().message.find(" is not dialled: ") != std::string::npos);
}

TEST_CASE("messages come back in order over TLS") {
    const temporary_folder folder;
    const auto mine = net::load_or_make_identity(folder.path / "state").value();
    auto options = with_token();
    options.tls = mine;
    echo_server server(options);
    client one(encrypted(server, mine.fingerprint));
    echoes(one);
}

TEST_CASE("an identity is made once, for its owner alone") {
    const temporary_folder folder;
    const auto made = net::load_or_make_identity(folder.path).value();
    CHECK(net::is_fingerprint(made.fingerprint));
    CHECK(net::load_or_make_identity(folder.path).value().fingerprint == made.fingerprint);
    struct ::stat about {};
    REQUIRE(::stat(made.pem.c_str(), &about) == 0);
    CHECK((about.st_mode & 0777U) == 0600U);
    ::chmod(made.pem.c_str(), 0644);
    CHECK(net::load_or_make_identity(folder.path).error().message.find("can be read by other users") != std::string::npos);
    ::chmod(made.pem.c_str(), 0600);
    std::ofstream(made.pem) << "damaged";
    CHECK(net::load_or_make_identity(folder.path).error().message.find("holds no key with its certificate") !=
          std::string::npos);
    CHECK(net::load_or_make_identity("/proc/nowhere").error().message.find("cannot be written") != std::string::npos);
}

TEST_CASE("another certificate is refused before the token is sent") {
    const temporary_folder folder;
    auto options = with_token();
    options.tls = net::load_or_make_identity(folder.path).value();
    echo_server server(options);
    client one(encrypted(server, std::string(64, 'a')));
    const auto why = one.downs.wait(1).at(0);
    CHECK(why.find("shows a certificate with the fingerprint " + options.tls->fingerprint + ", not the pinned aaaa") !=
          std::string::npos);
    CHECK(one.ups.size() == 0);
    CHECK(server.opened.size() == 0);
}

TEST_CASE("plain meets TLS") {
    const temporary_folder folder;
    auto options = with_token();
    options.tls = net::load_or_make_identity(folder.path).value();
    echo_server encrypted_server(options), plain_server(with_token());
    client plain(encrypted_server.port());
    CHECK(plain.downs.wait(1).at(0).find("tw://127.0.0.1:") != std::string::npos);
    client secure(encrypted(plain_server, options.tls->fingerprint));
    CHECK(secure.downs.wait(1).at(0).find("does not answer in TLS") != std::string::npos);
    CHECK(plain.ups.size() + secure.ups.size() == 0);
}

TEST_CASE("a wrong token and none") {
    echo_server server(with_token());
    auto options = to(server.port());
    const auto at = options.peer.url();
    options.token = "guess";
    client wrong(options);
    CHECK(wrong.downs.wait(1).at(0) == "The peer at " + at + " refused the token; `tightwad peer invite` there shows the right one.");
    options.token = "";
    client none(options);
    CHECK(none.downs.wait(1).at(0) ==
          "The peer at " + at + " asks for a token and none is configured; `tightwad peer invite` there shows it.");
    CHECK_FALSE(none.link->send("x"));
    CHECK(server.opened.size() == 0);
}

TEST_CASE("settings that cannot be meant") {
    const auto refused = [](net::connection_options options) {
        return net::connection::open(std::move(options), {}).error().message;
    };
    auto options = to(1);
    options.fingerprint = std::string(64, 'a');
    CHECK(refused(options).find("write tws://") != std::string::npos);
    options.peer.tls = true;
    options.fingerprint = "AB:CD";
    CHECK(refused(options).find("64 hexadecimal digits") != std::string::npos);
    options.fingerprint = "";
    CHECK(refused(options).find("needs the fingerprint") != std::string::npos);
    options = to(1);
    options.token = "a\r\nX: y";
    CHECK(refused(options).find("printable ASCII") != std::string::npos);

    net::listener_options open;
    open.port = 0;
    open.host = "0.0.0.0";
    const auto everywhere = net::listener::open(open, {});
    REQUIRE(everywhere.has_error());
    CHECK(everywhere.error().message == "Listening on 0.0.0.0:0 would let other machines use this one without a "
                                        "token: set a token, or listen on 127.0.0.1.");
    open.token = "";
    CHECK(net::listener::open(open, {}).error().message.starts_with("The token is empty"));
}

TEST_CASE("a server that comes back on its port is found again") {
    auto options = with_token();
    auto server = std::make_unique<echo_server>(options);
    options.port = server->port();
    client one(server->port());
    REQUIRE(one.ups.wait(1).size() == 1);
    REQUIRE(server->opened.wait(1).size() == 1);
    server.reset();
    CHECK(one.downs.wait(1).at(0).ends_with(" closed the link: it stops"));
    CHECK_FALSE(one.link->send("lost"));
    CHECK(one.downs.wait(2).at(1).find("No Tightwad peer answers at ") == 0);
    server = std::make_unique<echo_server>(options);
    REQUIRE(one.ups.wait(2).size() == 2);
    REQUIRE(one.link->send("again"));
    CHECK(one.messages.wait(1) == std::vector<std::string>{"again"});
}

TEST_CASE("a farewell follows what was sent before it") {
    echo_server server(with_token());
    client one(server.port());
    REQUIRE(one.ups.wait(1).size() == 1);
    for (const auto* text : {"1", "2", "close"}) one.link->send(text);
    CHECK(one.downs.wait(1).at(0).ends_with(" closed the link: You asked for it."));
    CHECK(one.messages.wait(2) == std::vector<std::string>{"1", "2"});
    CHECK(server.closed.wait(1).at(0) == "You asked for it.");
    const auto kept = server.sessions.at(0);
    server.listening.reset();
    CHECK_FALSE(kept->send("into the void"));
}

TEST_CASE("a name without an address") {
    auto options = to(1);
    options.peer.host = std::string(64, 'a'); // no label of a name is that long, so nobody is asked
    client one(options);
    CHECK(one.downs.wait(1).at(0).find("The name " + options.peer.host + " of the peer") == 0);
}
