// Load for front.mjs, on loopback, every answer read to its end and compared: tw_load rate|count|streams … prints JSON.
//   rate     requests at a constant rate, whether or not the earlier ones are answered, to each port in turn; latencies in
//            microseconds from the moment at which a request was due
//   count    so many requests over so many connections, each sent when its connection is free
//   streams  so many streams at once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
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
using steady = std::chrono::steady_clock;

namespace {

constexpr auto token = asio::as_tuple(asio::use_awaitable);

// The values of all "content" in JSON or events, joined; the stub's words need no escapes.
std::string content_of(std::string_view body) {
    constexpr std::string_view key = R"("content":")";
    std::string out;
    for (auto at = body.find(key); at != std::string_view::npos; at = body.find(key, at)) {
        at += key.size();
        const auto end = std::min(body.find('"', at), body.size());
        out += body.substr(at, end - at);
        at = end;
    }
    return out;
}

struct question {
    std::string body, expected;
    bool stream = false;

    [[nodiscard]] std::string bytes() const {
        return "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    void check(unsigned status, std::string_view answer) const {
        const bool ended = !stream || answer.ends_with("data: [DONE]\n\n");
        if (status == 200 && ended && content_of(answer) == expected) return;
        throw std::runtime_error("an answer with status " + std::to_string(status) + " is not the stub's: " +
                                 std::string(answer.substr(0, 300)));
    }
};

struct times {
    steady::time_point first, last; // bytes of the body
};

// g++ 12 destroys a temporary argument of an awaited call twice: every argument here has a name.

// One connection, one request after the other.
class line {
  public:
    line(asio::io_context& loop, std::uint16_t port) : socket_(loop) {
        socket_.connect({asio::ip::address_v4::loopback(), port});
        socket_.set_option(tcp::no_delay(true));
    }

    // Throws when the answer is not the expected one.
    asio::awaitable<times> ask(const question& what, const std::string& bytes) {
        times out;
        const auto buffer = asio::buffer(bytes);
        co_await asio::async_write(socket_, buffer, asio::use_awaitable);
        http::response_parser<http::string_body> answer;
        answer.body_limit(std::uint64_t{1} << 24U);
        co_await http::async_read_header(socket_, held_, answer, asio::use_awaitable);
        while (!answer.is_done()) {
            co_await http::async_read_some(socket_, held_, answer, asio::use_awaitable);
            if (out.first == steady::time_point{} && !answer.get().body().empty()) out.first = steady::now();
        }
        out.last = steady::now();
        what.check(answer.get().result_int(), answer.get().body());
        co_return out;
    }

  private:
    tcp::socket socket_;
    boost::beast::flat_buffer held_;
};

void rethrow(const std::exception_ptr& problem) {
    if (problem) std::rethrow_exception(problem);
}

long microseconds(steady::duration time) { return std::chrono::duration_cast<std::chrono::microseconds>(time).count(); }

void print(const std::vector<long>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) std::printf("%s%ld", i == 0 ? "[" : ",", values[i]);
    std::printf("]");
}

class open_loop {
  public:
    open_loop(const question& what, std::uint16_t port, int per_second, int seconds)
        : what_(what), bytes_(what.bytes()), port_(port), per_second_(per_second), total_(per_second * seconds) {}

    std::vector<long> run() {
        latencies_.reserve(static_cast<std::size_t>(total_));
        asio::co_spawn(loop_, send(), &rethrow);
        loop_.run();
        return std::move(latencies_);
    }

  private:
    asio::awaitable<void> send() {
        asio::steady_timer timer(loop_);
        const auto begin = steady::now();
        for (int i = 0; i < total_; ++i) {
            const auto due = begin + std::chrono::nanoseconds{1'000'000'000LL * i / per_second_};
            timer.expires_at(due);
            if (due > steady::now()) co_await timer.async_wait(token);
            asio::co_spawn(loop_, one(due), &rethrow);
        }
    }
    asio::awaitable<void> one(steady::time_point due) {
        std::unique_ptr<line> on;
        if (free_.empty()) {
            on = std::make_unique<line>(loop_, port_);
        } else {
            on = std::move(free_.back());
            free_.pop_back();
        }
        const auto seen = co_await on->ask(what_, bytes_);
        latencies_.push_back(microseconds(seen.last - due));
        free_.push_back(std::move(on));
    }

    const question& what_;
    const std::string bytes_;
    std::uint16_t port_;
    int per_second_, total_;
    asio::io_context loop_{1};
    std::vector<std::unique_ptr<line>> free_;
    std::vector<long> latencies_;
};

void rate(const question& what, const std::vector<std::uint16_t>& ports, int per_second, int seconds, int rounds) {
    for (const auto port : ports) open_loop(what, port, per_second, 1).run(); // warm
    std::printf("[");
    for (int round = 0; round < rounds; ++round) {
        std::printf(round == 0 ? "[" : ",[");
        for (std::size_t i = 0; i < ports.size(); ++i) {
            if (i > 0) std::printf(",");
            print(open_loop(what, ports[i], per_second, seconds).run());
        }
        std::printf("]");
    }
    std::printf("]\n");
}

asio::awaitable<void> keep_asking(asio::io_context& loop, const question& what, std::uint16_t port, int& left) {
    line on(loop, port);
    const auto bytes = what.bytes();
    while (left-- > 0) co_await on.ask(what, bytes);
}

void count(const question& what, std::uint16_t port, int requests, int connections) {
    asio::io_context loop{1};
    int left = requests;
    const auto begin = steady::now();
    for (int i = 0; i < connections; ++i) asio::co_spawn(loop, keep_asking(loop, what, port, left), &rethrow);
    loop.run();
    std::printf("{\"requests\":%d,\"seconds\":%.3f}\n", requests, static_cast<double>(microseconds(steady::now() - begin)) / 1e6);
}

void streams(const question& what, std::uint16_t port, int count) {
    asio::io_context loop{1};
    const auto bytes = what.bytes();
    std::vector<std::unique_ptr<line>> lines;
    std::vector<times> seen;
    std::string problem;
    const auto begin = steady::now();
    for (int i = 0; i < count; ++i) {
        lines.push_back(std::make_unique<line>(loop, port));
        asio::co_spawn(loop, lines.back()->ask(what, bytes), [&](const std::exception_ptr& failed, times at) {
            try {
                rethrow(failed);
                seen.push_back(at);
            } catch (const std::exception& failure) {
                problem = failure.what();
            }
        });
    }
    loop.run();
    if (!problem.empty()) std::fprintf(stderr, "tw_load: %s\n", problem.c_str());
    std::vector<long> first, last;
    for (const auto& at : seen) {
        first.push_back(microseconds(at.first - begin));
        last.push_back(microseconds(at.last - begin));
    }
    // All of them ran at once when the last one had begun before the first one ended.
    const bool at_once = !seen.empty() && *std::ranges::max_element(first) < *std::ranges::min_element(last);
    std::printf("{\"complete\":%zu,\"at_once\":%s,\"first_us\":", seen.size(), at_once ? "true" : "false");
    print(first);
    std::printf(",\"last_us\":");
    print(last);
    std::printf("}\n");
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Load on an endpoint of loopback that answers with tw_stub's words."};
    std::vector<std::uint16_t> ports;
    int pieces = 8, per_second = 1000, seconds = 1, rounds = 1, requests = 1000, connections = 32;
    question what;
    std::string model = "stub";
    app.add_option("--port", ports, "one or, for rate, several of them")->required()->allow_extra_args(false);
    app.add_option("--model", model);
    app.add_option("--pieces", pieces, "as tw_stub has it")->check(CLI::Range(1, 10000));
    app.add_flag("--stream", what.stream, "ask for streams");
    app.require_subcommand(1);
    app.fallthrough();
    auto* as_rate = app.add_subcommand("rate");
    as_rate->add_option("--per-second", per_second)->check(CLI::Range(1, 100000));
    as_rate->add_option("--seconds", seconds, "for each port in a round")->check(CLI::Range(1, 600));
    as_rate->add_option("--rounds", rounds)->check(CLI::Range(1, 1000));
    auto* as_count = app.add_subcommand("count");
    as_count->add_option("--requests", requests)->check(CLI::Range(1, 100'000'000));
    as_count->add_option("--connections", connections)->check(CLI::Range(1, 1000));
    auto* as_streams = app.add_subcommand("streams");
    as_streams->add_option("--connections", connections)->check(CLI::Range(1, 10000));
    CLI11_PARSE(app, argc, argv);
    try {
        what.stream = what.stream || as_streams->parsed();
        for (int i = 0; i < pieces; ++i) what.expected += tw::bench::word(i);
        what.body = R"({"model":")" + model + R"(","messages":[{"role":"user","content":"Say some words."}],"max_tokens":100)" +
                    (what.stream ? R"(,"stream":true})" : "}");
        if (as_rate->parsed()) rate(what, ports, per_second, seconds, rounds);
        else if (as_count->parsed()) count(what, ports.front(), requests, connections);
        else streams(what, ports.front(), connections);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "tw_load: %s\n", failure.what());
        return 1;
    }
    return 0;
}
