// Plain questions to the agent of a peer, as `tightwad plan` asks them.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "harness.hpp"
#include "net/identity.hpp"
#include "net/peer_questions.hpp"

using namespace tw;
using namespace tw::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("questions are answered in their order on one connection, encrypted or not") {
    const bool encrypted = GENERATE(false, true);
    const temporary_folder folder;
    auto options = with_token();
    if (encrypted) options.tls = net::load_or_make_identity(folder.path).value();
    const auto fingerprint = options.tls ? options.tls->fingerprint : "";
    const echo_server server(std::move(options));
    auto peer = to(server.port());
    peer.peer.tls = encrypted;
    peer.fingerprint = fingerprint;
    peer.token = "secret";
    const auto answers = net::ask_peer(peer, {"/v1/a", "/v1/b"});
    REQUIRE(answers.has_value());
    REQUIRE(answers->size() == 2);
    CHECK((*answers)[0].status == 200);
    CHECK((*answers)[0].body == R"({"you":"GET /v1/a "})");
    CHECK((*answers)[1].body == R"({"you":"GET /v1/b "})");

    peer.token = "another";
    CHECK_THAT(net::ask_peer(peer, {"/v1/a"}).error().message, ContainsSubstring("refused the token"));
    if (!encrypted) return;
    peer.fingerprint = std::string(64, 'a');
    CHECK_THAT(net::ask_peer(peer, {"/v1/a"}).error().message, ContainsSubstring("not the pinned"));
}

TEST_CASE("a peer that is not there is named") {
    auto peer = to(1);
    CHECK_THAT(net::ask_peer(peer, {"/v1/a"}).error().message, ContainsSubstring("No Tightwad peer answers at tw://127.0.0.1:1"));
}
