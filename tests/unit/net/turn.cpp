// Another thread does the work of a loop that is at rest.
#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "harness.hpp"
#include "net/loop_thread.hpp"
#include "plain_socket.hpp"

using namespace tw;
using namespace tw::test;
namespace asio = boost::asio;

namespace {

// A loop that runs until this goes.
struct running_loop {
    running_loop() { loop.start(); }
    net::loop_thread loop;
    asio::any_io_executor executor = loop.executor();
    asio::executor_work_guard<asio::any_io_executor> work{executor};
};

// The HTTP of a WebSocket; what follows it are frames.
plain_socket linked_to(std::uint16_t port) {
    auto socket = plain_socket::to(port);
    socket.send("GET /v1/peer/session HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    std::string answer;
    while (!answer.ends_with("\r\n\r\n")) {
        const auto next = socket.read_some(1);
        if (next.empty()) break;
        answer += next;
    }
    return socket;
}

} // namespace

TEST_CASE("nobody steps in while a handler runs") {
    running_loop of;
    std::promise<void> begun, enough;
    asio::post(of.executor, [&] {
        begun.set_value();
        enough.get_future().wait();
    });
    begun.get_future().wait();
    CHECK_FALSE(net::run_at_once(of.executor, [] { FAIL("it ran beside a handler"); }));
    enough.set_value();
    CHECK(comes_true([&] { return net::run_at_once(of.executor, [] {}); }));
}

TEST_CASE("a handler waits for who has stepped in") {
    running_loop of;
    std::atomic<bool> handled{false};
    std::promise<void> done;
    bool before = true;
    CHECK(comes_true([&] {
        return net::run_at_once(of.executor, [&] {
            asio::post(of.executor, [&] {
                handled = true;
                done.set_value();
            });
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
            before = handled;
        });
    }));
    CHECK_FALSE(before);
    done.get_future().wait();
}

TEST_CASE("a handler steps in itself, and into a loop without a turn nobody does") {
    running_loop of;
    std::promise<bool> own;
    asio::post(of.executor, [&] { own.set_value(net::run_at_once(of.executor, [] {})); });
    CHECK(own.get_future().get());
    CHECK_FALSE(net::run_at_once(of.loop.context().get_executor(), [] { FAIL("whose turn was it?"); }));
}

TEST_CASE("a message to a link at rest has left when send() returns") {
    echo_server server(with_token());
    auto peer = linked_to(server.port());
    server.opened.wait(1);
    const auto session = server.sessions.front();
    const std::string frame("\x82\x05hello", 7);
    int left = 0;
    for (int i = 0; i < 100; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{2}); // the loop has noticed the last one
        REQUIRE(session->send("hello"));
        if (peer.read_now() == frame) ++left;
        else REQUIRE(peer.read_exactly(frame.size()) == frame);
    }
    CHECK(left > 80);
}

TEST_CASE("what many threads send while the link is read comes whole, each thread's in order") {
    constexpr int threads = 4, each = 500;
    echo_server server(with_token());
    client one(server.port());
    one.ups.wait(1);
    std::vector<std::thread> senders;
    for (int i = 0; i < threads; ++i)
        senders.emplace_back([&, i] {
            for (int n = 0; n < each; ++n) one.link->send(std::to_string(i) + ' ' + std::to_string(n));
        });
    for (auto& sender : senders) sender.join();
    std::vector<int> next(threads);
    for (const auto& message : one.messages.wait(threads * each)) {
        const auto blank = message.find(' ');
        CHECK(std::stoi(message.substr(blank)) == next.at(std::stoul(message.substr(0, blank)))++);
    }
    CHECK(next == std::vector<int>(threads, each));
}
