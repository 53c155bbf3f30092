// The chat client against a scripted endpoint whose bytes are cut at every boundary.
#include <catch2/catch_test_macros.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "commands/conversation.hpp"
#include "commands/sse_reader.hpp"

namespace {

using tw::cli::conversation;
using tw::cli::sse_reader;

// Listens on loopback, takes one request, answers with `first` and then `second`, and closes.
class scripted_endpoint {
  public:
    scripted_endpoint(std::string first, std::string second) {
        listening_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(listening_, reinterpret_cast<sockaddr*>(&address), size);
        ::listen(listening_, 1);
        ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this, first = std::move(first), second = std::move(second)] {
            const int client = ::accept(listening_, nullptr, nullptr);
            read_request(client);
            ::send(client, first.data(), first.size(), MSG_NOSIGNAL);
            ::send(client, second.data(), second.size(), MSG_NOSIGNAL);
            ::close(client);
        });
    }
    ~scripted_endpoint() {
        thread_.join();
        ::close(listening_);
    }
    scripted_endpoint(const scripted_endpoint&) = delete;
    scripted_endpoint& operator=(const scripted_endpoint&) = delete;

    [[nodiscard]] tw::configuration config() const {
        tw::configuration out;
        out.server.port = port_;
        out.pipelines.push_back({});
        out.pipelines.back().serves = {"m"};
        return out;
    }
    const std::string& request() const { return request_; } // once the answer has been read

  private:
    void read_request(int client) {
        char bytes[4096];
        while (request_.find("\"stream_options\"") == std::string::npos || !request_.ends_with('}')) {
            const auto n = ::recv(client, bytes, sizeof bytes, 0);
            if (n <= 0) return;
            request_.append(bytes, static_cast<std::size_t>(n));
        }
    }

    int listening_ = -1;
    std::uint16_t port_ = 0;
    std::string request_;
    std::thread thread_;
};

const std::string stream =
    ": ping\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
    "\"finish_reason\":null}],\"usage\":null}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Gr\xC3\xBC\xC3\x9F\"},\"finish_reason\":null}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" Gott\"},\"finish_reason\":null}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
    "\"tightwad\":{\"seed\":1,\"drafted\":8,\"accepted\":2,\"acceptance\":0.25,\"tok_s\":12.5}}\n\n"
    "data: {\"choices\":[],\"usage\":{\"completion_tokens\":3}}\n\n"
    "data: [DONE]\n\n";

std::string http(const std::string& body, const char* status = "200 OK") {
    return std::string("HTTP/1.1 ") + status + "\r\nContent-Type: text/event-stream\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

std::string all_of(conversation& talk, tw::result<tw::cli::answer_statistics>& outcome,
                   const tw::cli::interrupted& stop = nullptr) {
    std::string text;
    outcome = talk.ask("Hello?", [&](std::string_view piece) { text += piece; }, stop);
    return text;
}

} // namespace

TEST_CASE("events are the same wherever the bytes are cut") {
    const std::string bytes = "data: one\n\n: a comment\ndata: two\r\ndata:three\r\n\r\nevent: x\n\ndata\n\ndata: \n\n";
    const std::vector<std::string> expected{"one", "two\nthree", ""};
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        sse_reader reader;
        auto events = reader.feed(std::string_view(bytes).substr(0, cut));
        for (auto& event : reader.feed(std::string_view(bytes).substr(cut))) events.push_back(event);
        CHECK(events == expected);
    }
}

TEST_CASE("an answer arrives whole, with its figures, wherever the connection cuts it") {
    const auto bytes = http(stream);
    for (std::size_t cut = 1; cut < bytes.size(); cut += 7) {
        const scripted_endpoint endpoint(bytes.substr(0, cut), bytes.substr(cut));
        tw::cli::chat_options options;
        options.direct = true;
        conversation talk(endpoint.config(), options, "secret");
        tw::result<tw::cli::answer_statistics> outcome = tw::cli::answer_statistics{};
        CHECK(all_of(talk, outcome) == "Gr\xC3\xBC\xC3\x9F Gott");
        REQUIRE(outcome.has_value());
        CHECK(outcome->tokens == 3);
        CHECK(outcome->drafted == 8);
        CHECK(outcome->accepted == 2);
        CHECK(outcome->tok_s == 12.5);
        CHECK(outcome->finish_reason == "stop");
        CHECK(endpoint.request().find("Authorization: Bearer secret\r\n") != std::string::npos);
        CHECK(endpoint.request().find("\"tightwad\":{\"speculation\":false}") != std::string::npos);
    }
}

TEST_CASE("each way of failing is one sentence") {
    const auto failure = [](const std::string& bytes) {
        const scripted_endpoint endpoint(bytes, "");
        conversation talk(endpoint.config(), {}, "");
        tw::result<tw::cli::answer_statistics> outcome = tw::cli::answer_statistics{};
        static_cast<void>(all_of(talk, outcome));
        REQUIRE(outcome.has_error());
        return outcome.error().message;
    };
    CHECK(failure(http("{\"error\":{\"message\":\"The token is wrong.\"}}", "401 Unauthorized")) ==
          "The token is wrong.");
    CHECK(failure(http("<html>", "502 Bad Gateway")) == "The endpoint answered with HTTP status 502.");
    CHECK(failure(http("data: {\"error\":{\"message\":\"The model was lost.\"}}\n\n")) == "The model was lost.");
    CHECK(failure(http("data: {\"choices\":[]}\n\n")).ends_with("broke the answer off."));
    CHECK(failure("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\ndata: ").starts_with("The connection to "));
    CHECK(failure("what?").starts_with("The connection to "));
}

TEST_CASE("an interrupted answer ends at once") {
    const scripted_endpoint endpoint(http(stream).substr(0, 250), "");
    conversation talk(endpoint.config(), {}, "");
    tw::result<tw::cli::answer_statistics> outcome = tw::cli::answer_statistics{};
    static_cast<void>(all_of(talk, outcome, [] { return true; }));
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code == tw::code::cancelled);
}
