// The server behind the endpoint of front.mjs: answers every chat with the same words, at once or piece by piece.
// tw_stub --port N [--pieces 8] [--pace-ms 0], on loopback, until SIGTERM.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "bench/front/words.hpp"

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr auto token = asio::as_tuple(asio::use_awaitable);

std::string with_length(unsigned status, std::string_view body) {
    return "HTTP/1.1 " + std::to_string(status) + " Stub\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

// An event in a chunk of its own, as servers send it.
std::string event(std::string_view data) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", data.size() + 8);
    return size + ("data: " + std::string(data)) + "\n\n\r\n";
}

// What every client is told.
struct script {
    explicit script(int count, std::chrono::milliseconds between) : pace(between) {
        std::string text;
        for (int i = 0; i < count; ++i) {
            const auto piece = tw::bench::word(i);
            text += piece;
            pieces.push_back(event(R"({"choices":[{"index":0,"delta":{"content":")" + piece + R"("},"finish_reason":null}]})"));
        }
        const auto usage = R"("usage":{"prompt_tokens":9,"completion_tokens":)" + std::to_string(count) + "}";
        end = event(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})") + event(R"({"choices":[],)" + usage + "}") +
              event("[DONE]") + "0\r\n\r\n";
        whole = with_length(200, R"({"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":")" +
                                     text + R"("},"finish_reason":"stop"}],)" + usage + "}");
        begin = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        at_once = begin;
        for (const auto& piece : pieces) at_once += piece;
        at_once += end;
    }

    std::chrono::milliseconds pace;
    std::vector<std::string> pieces;
    std::string begin, end, at_once, whole, unknown = with_length(404, "{}");
};

// g++ 12 destroys a temporary argument of an awaited call twice: every argument here has a name.

asio::awaitable<bool> say(tcp::socket& to, const std::string& bytes) {
    const auto buffer = asio::buffer(bytes);
    const auto [failed, sent] = co_await asio::async_write(to, buffer, token);
    co_return !failed;
}

asio::awaitable<bool> say_in_time(tcp::socket& to, const script& what) {
    asio::steady_timer pause(to.get_executor());
    pause.expires_after({});
    bool good = co_await say(to, what.begin);
    for (const auto& piece : what.pieces) {
        if (!good) co_return false;
        good = co_await say(to, piece);
        pause.expires_at(pause.expiry() + what.pace);
        co_await pause.async_wait(token);
    }
    if (good) good = co_await say(to, what.end);
    co_return good;
}

asio::awaitable<void> serve(tcp::socket client, const script& what) {
    client.set_option(tcp::no_delay(true));
    boost::beast::flat_buffer buffer;
    for (bool good = true; good;) {
        http::request_parser<http::string_body> parser;
        const auto [failed, got] = co_await http::async_read(client, buffer, parser, token);
        if (failed) co_return;
        const auto& asked = parser.get();
        if (asked.method() != http::verb::post) good = co_await say(client, what.unknown);
        else if (asked.body().find(R"("stream":true)") == std::string::npos) good = co_await say(client, what.whole);
        else if (what.pace.count() > 0) good = co_await say_in_time(client, what);
        else good = co_await say(client, what.at_once);
    }
}

asio::awaitable<void> accept_all(tcp::acceptor& from, const script& what) {
    for (;;) {
        auto [failed, client] = co_await from.async_accept(token);
        if (failed) throw boost::system::system_error(failed);
        asio::co_spawn(from.get_executor(), serve(std::move(client), what), asio::detached);
    }
}

} // namespace

int main(int count, char** words) {
    CLI::App app{"A server upstream without a model."};
    std::uint16_t port = 0;
    int pieces = 8, pace_ms = 0;
    app.add_option("--port", port, "where it listens on loopback")->required();
    app.add_option("--pieces", pieces, "of an answer")->check(CLI::Range(1, 10000));
    app.add_option("--pace-ms", pace_ms, "between two pieces; 0 = all of them in one write")->check(CLI::Range(0, 60000));
    CLI11_PARSE(app, count, words);
    try {
        const script what(pieces, std::chrono::milliseconds{pace_ms});
        asio::io_context loop{1};
        const tcp::endpoint where(asio::ip::address_v4::loopback(), port);
        tcp::acceptor listening(loop, where);
        listening.listen(asio::socket_base::max_listen_connections);
        asio::co_spawn(loop, accept_all(listening, what), [](const std::exception_ptr& problem) {
            if (problem) std::rethrow_exception(problem);
        });
        loop.run();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "tw_stub: %s\n", failure.what());
        return 1;
    }
    return 0;
}
