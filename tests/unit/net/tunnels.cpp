// A tunnel is a TCP connection that happens to pass through a peer's link.
#include <fstream>
#include <optional>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "harness.hpp"
#include "net/tunnel.hpp"
#include "plain_socket.hpp"
#include "support/raw_client.hpp"
#include "support/relay.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto ping = 200ms;

void echo(plain_socket& socket) {
    for (auto some = socket.read_some(); !some.empty() && socket.send(some);) some = socket.read_some();
}

// A listener whose tunnels lead to one port, if they are asked for port 50052.
struct far_side {
    explicit far_side(std::uint16_t port, std::optional<net::identity> tls = std::nullopt) {
        net::listener_options options;
        options.port = 0;
        options.token = "secret";
        options.tls = std::move(tls);
        options.tunnel_ping = ping;
        auto made = net::listener::open(
            options, {.opened = [](const std::shared_ptr<net::session>&) {},
                      .message = [](net::session&, std::string_view) {},
                      .closed = [](net::session&, const error&) {},
                      .http = {},
                      .tunnel =
                          [this, port](const std::string& target) {
                              asked.add(target);
                              if (target.starts_with("/v1/tunnel/rpc/50052"))
                                  return net::tunnel_answer{port, {}, [this] { return at_fault ? "It is held." : ""; }};
                              return net::tunnel_answer{
                                  0, {404, R"({"error":{"message":"There is no such rpc-server."}})"}};
                          }});
        listening = *std::move(made);
    }
    notes asked;
    std::atomic<bool> at_fault = false;
    std::unique_ptr<net::listener> listening;
};

struct near_side {
    explicit near_side(std::uint16_t port, const std::string& fingerprint = "", const std::string& token = "secret",
                       std::uint16_t rpc_port = 50052) {
        net::tunnel_options options;
        options.name = "The worker attic:50052";
        options.peer = to(port);
        options.peer->peer.tls = !fingerprint.empty();
        options.peer->fingerprint = fingerprint;
        options.peer->token = token;
        options.path = net::tunnel_to(rpc_port, "CUDA0");
        options.ping_interval = ping;
        open(std::move(options));
    }
    explicit near_side(net::tunnel_options options) { open(std::move(options)); }
    void open(net::tunnel_options options) {
        through = net::tunnel::open(std::move(options), {.lost = [this](const error& why) { lost.add(why.message); }})
                      .value();
    }
    notes lost;
    std::unique_ptr<net::tunnel> through;
};

std::string noise(std::size_t bytes, unsigned seed) {
    std::minstd_rand dice(seed);
    std::string out(bytes, '\0');
    for (auto& c : out) c = static_cast<char>(dice());
    return out;
}

std::size_t resident_bytes() {
    std::ifstream in("/proc/self/statm");
    std::size_t total = 0, resident = 0;
    in >> total >> resident;
    return resident * 4096;
}

} // namespace

TEST_CASE("what goes into a tunnel in pieces of any size comes out of it, both ways") {
    const bool encrypted = GENERATE(false, true);
    const std::size_t piece = GENERATE(std::size_t{0}, std::size_t{7});
    const temporary_folder folder;
    std::optional<net::identity> identity;
    if (encrypted) identity = net::load_or_make_identity(folder.path).value();
    plain_server server(echo);
    far_side far(server.port(), identity);
    relay between(far.listening->port(), {.piece = piece});
    near_side near(between.port(), encrypted ? identity->fingerprint : "");
    auto program = plain_socket::to(near.through->port());
    const auto sent = noise(piece == 0 ? 3'000'000 : 20'000, 7);
    std::thread writing([&] {
        std::minstd_rand dice(3);
        for (std::size_t at = 0; at < sent.size();) {
            const auto size = std::min<std::size_t>(sent.size() - at, 1 + dice() % (dice() % 8 == 0 ? 200'000 : 900));
            program.send(std::string_view(sent).substr(at, size));
            at += size;
        }
        program.end();
    });
    const auto back = program.read_to_end();
    writing.join();
    CHECK(back.size() == sent.size());
    CHECK(back == sent);
    CHECK(far.asked.wait(1).at(0) == "/v1/tunnel/rpc/50052?device=CUDA0");
    CHECK(near.lost.size() == 0);
    CHECK(comes_true([&] { return near.through->bytes() == 2 * sent.size(); }));
    CHECK(comes_true([&] { return far.listening->connections() == 0; }));
}

TEST_CASE("several connections through one tunnel are strangers to each other") {
    plain_server server(echo);
    far_side far(server.port());
    near_side near(far.listening->port());
    std::vector<std::thread> programs;
    std::atomic<int> good = 0;
    for (unsigned i = 0; i < 8; ++i)
        programs.emplace_back([&, i] {
            auto program = plain_socket::to(near.through->port());
            const auto mine = noise(100'000 + i, i);
            std::thread writing([&] { program.send(mine); });
            if (program.read_exactly(mine.size()) == mine) ++good;
            writing.join();
        });
    for (auto& one : programs) one.join();
    CHECK(good == 8);
    CHECK(comes_true(
        [&] { return far.listening->connections() == 0; })); // closed by the programs, both directions at once
    CHECK(near.lost.size() == 0);
}

TEST_CASE("each direction of a tunnel ends on its own") {
    std::string heard;
    plain_server server([&](plain_socket& socket) {
        heard = socket.read_to_end(); // only an end that arrived lets it go on
        socket.send("I have heard " + std::to_string(heard.size()) + " bytes");
        socket.send(noise(500'000, 5));
    });
    far_side far(server.port());
    near_side near(far.listening->port());
    auto program = plain_socket::to(near.through->port());
    program.send(noise(300'000, 4));
    program.end();
    const auto answer = program.read_to_end();
    CHECK(answer.starts_with("I have heard 300000 bytes"));
    CHECK(answer.size() == 25 + 500'000);
    CHECK(heard == noise(300'000, 4));
    CHECK(near.lost.size() == 0);
}

TEST_CASE("a tunnel without the right token, or to a port that is not lent, is refused in words") {
    std::atomic<int> reached = 0;
    plain_server server([&](plain_socket&) { ++reached; });
    far_side far(server.port());
    SECTION("a wrong token") {
        near_side near(far.listening->port(), "", "guess");
        CHECK(plain_socket::to(near.through->port()).read_to_end().empty());
        CHECK_THAT(near.lost.wait(1).at(0), ContainsSubstring("refused the token"));
        CHECK(far.asked.size() == 0);
    }
    SECTION("no token at all") {
        raw_client stranger(far.listening->port());
        stranger.send("GET /v1/tunnel/rpc/50052 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        CHECK(stranger.read().status == 401);
        CHECK(far.asked.size() == 0);
    }
    SECTION("a port that is not lent") {
        near_side near(far.listening->port(), "", "secret", 22);
        CHECK(plain_socket::to(near.through->port()).read_to_end().empty());
        CHECK_THAT(near.lost.wait(1).at(0), ContainsSubstring("refused: There is no such rpc-server."));
    }
    SECTION("no upgrade") {
        raw_client stranger(far.listening->port());
        stranger.send(get("/v1/tunnel/rpc/50052", "Authorization: Bearer secret\r\n"));
        CHECK(stranger.read().status == 426);
    }
    SECTION("a listener without tunnels") {
        echo_server plain(with_token());
        near_side near(plain.port());
        CHECK(plain_socket::to(near.through->port()).read_to_end().empty());
        CHECK_THAT(near.lost.wait(1).at(0), ContainsSubstring("attic:50052") || ContainsSubstring("127.0.0.1"));
    }
    CHECK(reached == 0);
}

TEST_CASE("a tunnel to a port on which nothing listens any more says so") {
    std::uint16_t gone = 0;
    { gone = plain_server([](plain_socket&) {}).port(); }
    far_side far(gone);
    near_side near(far.listening->port());
    CHECK(plain_socket::to(near.through->port()).read_to_end().empty());
    CHECK_THAT(near.lost.wait(1).at(0), ContainsSubstring("Nothing listens on port " + std::to_string(gone)));
}

TEST_CASE("100 MB pass through a tunnel in little memory, and wait where the reader waits") {
    constexpr std::size_t all = 100'000'000;
    std::atomic<bool> may_read = false;
    std::atomic<std::size_t> read = 0, hash = 0;
    plain_server server([&](plain_socket& socket) {
        comes_true([&] { return may_read.load(); });
        std::size_t sum = 0;
        std::string buffer(1U << 20U, '\0'); // one: the address sanitizer keeps what is freed
        for (auto got = socket.read_into(buffer); got > 0; got = socket.read_into(buffer)) {
            for (const char c : std::string_view(buffer).substr(0, got)) sum = sum * 31 + static_cast<unsigned char>(c);
            read += got;
        }
        hash = sum;
        socket.send("done");
    });
    far_side far(server.port());
    near_side near(far.listening->port());
    auto program = plain_socket::to(near.through->port());
    const auto block = noise(1'000'000, 9);
    const auto before = resident_bytes();

    std::size_t taken = 0; // until nothing more fits for longer than a dead link would be given
    for (auto quiet = std::chrono::steady_clock::now(); std::chrono::steady_clock::now() - quiet < 6 * ping;)
        if (const auto some = program.send_some(std::string_view(block).substr(taken % block.size())); some > 0) {
            taken += some;
            quiet = std::chrono::steady_clock::now();
            REQUIRE(taken < all);
        } else std::this_thread::sleep_for(5ms);
    CHECK(near.lost.size() == 0); // a reader that waits is no dead link

    may_read = true;
    std::size_t sum = 0;
    for (std::size_t at = 0; at < all;) {
        const auto part = std::min(block.size() - at % block.size(), all - at);
        const auto bytes = std::string_view(block).substr(at % block.size(), part);
        for (const char c : bytes) sum = sum * 31 + static_cast<unsigned char>(c);
        at += part;
    }
    for (std::size_t at = taken; at < all;) {
        const auto part = std::min(block.size() - at % block.size(), all - at);
        REQUIRE(program.send(std::string_view(block).substr(at % block.size(), part)));
        at += part;
    }
    program.end();
    CHECK(program.read_to_end() == "done");
    CHECK(read == all);
    CHECK(hash == sum);
    CHECK(resident_bytes() < before + (48U << 20U));
}

TEST_CASE("a cut or silent link ends the connection at both ends, and the next one works") {
    notes ended;
    plain_server server([&](plain_socket& socket) {
        echo(socket);
        ended.add("ended");
    });
    far_side far(server.port());
    relay between(far.listening->port());
    near_side near(between.port());
    auto program = plain_socket::to(near.through->port());
    REQUIRE(program.send("hello"));
    REQUIRE(program.read_exactly(5) == "hello");
    const bool silent = GENERATE(false, true);
    const auto since = std::chrono::steady_clock::now();
    if (silent) between.freeze(true);
    else between.cut();
    CHECK(program.read_to_end().empty());
    CHECK_THAT(near.lost.wait(1).at(0), ContainsSubstring("The worker attic:50052 ended the connection"));
    CHECK(ended.wait(1).size() == 1); // the far side has noticed by itself
    CHECK(std::chrono::steady_clock::now() - since < 15s);
    if (silent) between.freeze(false);
    auto next = plain_socket::to(near.through->port());
    REQUIRE(next.send("again"));
    CHECK(next.read_exactly(5) == "again");
}

TEST_CASE("a tunnel to what cannot answer ends with the reason, also while more is sent than it takes") {
    const bool flooded = GENERATE(false, true);
    std::atomic<bool> over = false;
    notes ended;
    plain_server server([&](plain_socket& socket) {
        socket.send("hello");
        comes_true([&] { return over.load(); }); // takes nothing
        ended.add("ended");
    });
    far_side far(server.port());
    near_side near(far.listening->port());
    auto program = plain_socket::to(near.through->port());
    REQUIRE(program.read_exactly(5) == "hello");
    const auto block = noise(1'000'000, 9);
    for (auto quiet = std::chrono::steady_clock::now(); flooded && std::chrono::steady_clock::now() - quiet < ping;) {
        if (program.send_some(block) > 0) quiet = std::chrono::steady_clock::now();
        else std::this_thread::sleep_for(5ms);
    }
    CHECK(near.lost.size() == 0);
    far.at_fault = true;
    CHECK(near.lost.wait(1).at(0) == "The worker attic:50052 ended the connection: It is held.");
    CHECK(program.read_to_end().empty());
    CHECK(comes_true([&] { return far.listening->connections() == 0; }));
    over = true;
    ended.wait(1);
}

TEST_CASE("an idle tunnel stays open by signs of life alone") {
    plain_server server(echo);
    far_side far(server.port());
    relay between(far.listening->port());
    near_side near(between.port());
    auto program = plain_socket::to(near.through->port());
    REQUIRE(program.send("a"));
    REQUIRE(program.read_exactly(1) == "a");
    const auto before = between.forwarded();
    CHECK(comes_true([&] { return between.forwarded() > before + 60; })); // more than a second of them
    REQUIRE(program.send("b"));
    CHECK(program.read_exactly(1) == "b");
    CHECK(near.lost.size() == 0);
}

TEST_CASE("a program that hangs up is no loss, a worker that does is one") {
    std::atomic<bool> hang_up = false;
    plain_server server([&](plain_socket& socket) {
        if (hang_up) return;
        echo(socket);
    });
    far_side far(server.port());
    near_side near(far.listening->port());
    {
        auto program = plain_socket::to(near.through->port());
        REQUIRE(program.send("x"));
        REQUIRE(program.read_exactly(1) == "x");
    }
    CHECK(comes_true([&] { return far.listening->connections() == 0; }));
    CHECK(near.lost.size() == 0);
    hang_up = true;
    CHECK(plain_socket::to(near.through->port()).read_to_end().empty());
    CHECK_THAT(near.lost.wait(1).at(0), ContainsSubstring("The worker attic:50052 ended the connection"));
}

TEST_CASE("without a peer the way leads straight to the address") {
    net::tunnel_options options;
    options.name = "The worker attic:50052";
    options.direct_host = "127.0.0.1";
    SECTION("where somebody listens") {
        plain_server server(echo);
        options.direct_port = server.port();
        near_side near(options);
        auto program = plain_socket::to(near.through->port());
        const auto sent = noise(1'000'000, 2);
        std::thread writing([&] { program.send(sent); });
        CHECK(program.read_exactly(sent.size()) == sent);
        writing.join();
        CHECK(near.lost.size() == 0);
    }
    SECTION("where nobody does") {
        { options.direct_port = plain_server([](plain_socket&) {}).port(); }
        near_side near(options);
        CHECK(plain_socket::to(near.through->port()).read_to_end().empty());
        CHECK_THAT(near.lost.wait(1).at(0),
                   ContainsSubstring("No rpc-server answers at 127.0.0.1:" + std::to_string(options.direct_port)));
    }
}

TEST_CASE("a worker's address is judged before it is dialled") {
    net::tunnel_options options;
    options.name = "The worker attic:50052";
    options.direct_port = 50052;
    const auto is_refused = [&] {
        near_side near(options);
        INFO(options.direct_host);
        CHECK(plain_socket::to(near.through->port()).read_to_end().empty());
        CHECK_THAT(near.lost.wait(1).at(0), ContainsSubstring("The worker attic:50052 is not dialled: its address " + options.direct_host + " is "));
    };
    for (const auto* host : {"169.254.169.254", "fd00:ec2::254", "224.0.0.1", "::ffff:169.254.169.254"}) {
        options.direct_host = host;
        is_refused();
    }
    options.public_only = true;
    for (const auto* host : {"127.0.0.1", "192.168.1.20", "fd00::1"}) {
        options.direct_host = host;
        is_refused();
    }
}

TEST_CASE("a tunnel that is destroyed cuts what is open") {
    notes ended;
    plain_server server([&](plain_socket& socket) {
        echo(socket);
        ended.add("ended");
    });
    far_side far(server.port());
    auto near = std::make_unique<near_side>(far.listening->port());
    auto program = plain_socket::to(near->through->port());
    REQUIRE(program.send("x"));
    REQUIRE(program.read_exactly(1) == "x");
    near.reset();
    CHECK(program.read_to_end().empty());
    CHECK(ended.wait(1).size() == 1);
}
