// Another thread does the work of a loop that is at rest.
#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <functional>
#include <future>
#include <string>
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

// An HTTP message without a body.
std::string read_head(plain_socket& from) {
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
        const auto next = from.read_some(1);
        if (next.empty()) break;
        head += next;
    }
    return head;
}

// How many of 100 messages, `frame` bytes each on the wire, are at the other side when send() returns.
int left_at_once(const std::function<bool()>& send, plain_socket& other, std::size_t frame) {
    int left = 0;
    for (int i = 0; i < 100; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{2}); // the loop has noticed the last one
        if (!send()) return -1;
        const auto there = other.read_now().size();
        if (there == frame) ++left;
        else if (other.read_exactly(frame - there).size() != frame - there) return -1;
    }
    return left;
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

TEST_CASE("a message to who called has left when send() returns") {
    echo_server server(with_token());
    auto caller = plain_socket::to(server.port());
    caller.send("GET /v1/peer/session HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    read_head(caller);
    server.opened.wait(1);
    const auto session = server.sessions.front();
    CHECK(left_at_once([&] { return session->send("hello"); }, caller, 2 + 5) > 80);
}

TEST_CASE("a message to who was called has left when send() returns") {
    echo_server server(with_token());
    std::promise<client*> calling;
    std::promise<int> left;
    plain_server between([&](plain_socket& near) {
        auto far = plain_socket::to(server.port());
        far.send(read_head(near));
        near.send(read_head(far));
        auto& one = *calling.get_future().get();
        one.ups.wait(1);
        left.set_value(left_at_once([&] { return one.link->send("hello"); }, near, 2 + 4 + 5));
        near.read_to_end();
    });
    client one(between.port());
    calling.set_value(&one);
    CHECK(left.get_future().get() > 80);
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
