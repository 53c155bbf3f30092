// Every way in which a server can fail, through the whole program: the status and the sentence that a client gets.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "far_server.hpp"

using namespace tw::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("faults of a server are the right status and one sentence") {
    far_server far;
    const endpoint here(far.url());
    far.set(replies(429, R"({"error":{"message":"slow down"}})", "Retry-After: 7\r\n"));
    auto answer = here.ask("");
    CHECK(answer.status == 429);
    CHECK(answer.headers["retry-after"] == "7");
    CHECK(message_of(answer) == "The llama-server at " + far.url() + " has too much to do (HTTP status 429: slow down); try again later.");

    far.set(replies(500, R"({"error":{"message":"oops"}})"));
    answer = here.ask("");
    CHECK(answer.status == 503);
    CHECK_THAT(message_of(answer), ContainsSubstring("failed (HTTP status 500: oops)"));
    far.set(streams({words("well"), event("{}", "\"stop\""), "data: [DONE]\n\n"})); // 500 once
    CHECK(here.ask("").status == 200);

    // A refused key is a fault that stays, and not the client's: no Retry-After, and no status that its library tries again.
    for (const auto& [status, sentence] : std::vector<std::pair<int, std::string>>{
             {401, "refused this machine's key (HTTP status 401: no); check api_key."}, {403, "check api_key."}, {402, "add credit to that account."}}) {
        far.set(replies(status, R"({"error":{"message":"no"}})", "Retry-After: 1\r\n"));
        answer = here.ask("");
        CHECK(answer.status == 403);
        CHECK_FALSE(answer.headers.contains("retry-after"));
        CHECK_FALSE(answer.headers.contains("www-authenticate"));
        CHECK_THAT(answer.body, ContainsSubstring(R"("type":"permission_error")"));
        CHECK_THAT(message_of(answer), ContainsSubstring("The llama-server at " + far.url()) && ContainsSubstring(sentence));
    }

    far.set(replies(400, R"({"error":{"message":"too long","type":"exceed_context_size_error"}})"));
    answer = here.ask("");
    CHECK(answer.status == 400);
    CHECK_THAT(answer.body, ContainsSubstring("context_length_exceeded"));

    far.set(replies(302, "", "Location: http://169.254.169.254/latest/meta-data\r\n"));
    answer = here.ask("");
    CHECK(answer.status == 503);
    CHECK_THAT(message_of(answer), ContainsSubstring("redirects to 'http://169.254.169.254/latest/meta-data'"));

    far.set(streams({"data: {garbage\n\n"}));
    answer = here.ask("");
    CHECK(answer.status == 502);
    CHECK_THAT(message_of(answer), ContainsSubstring("an event that makes no sense: {garbage"));

    far.set(says("SSH-2.0-OpenSSH\r\n\r\n"));
    answer = here.ask("");
    CHECK(answer.status == 502);
    CHECK_THAT(message_of(answer), ContainsSubstring("does not answer in HTTP/1.1"));

    far.set([](scripted_server::line& to, const std::string&) {
        to.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: ");
        const std::string block(65536, 'x');
        while (to.send(block)) {
        }
    });
    answer = here.ask("");
    CHECK(answer.status == 502);
    CHECK_THAT(message_of(answer), ContainsSubstring("sent a line of more than 1048576 bytes"));
}

TEST_CASE("a server that sends garbage is a bad gateway, in every API and as each of them words it") {
    far_server far;
    const endpoint here(far.url());
    const std::vector<std::pair<std::string, scripted_server::act>> garbage{
        {"no JSON", streams({"data: {garbage\n\n"})},
        {"half an event", streams({event(R"({"role":"assistant","content":""})"), "data: {\"choi"})},
        {"no event", replies(200, R"({"choices":[{"message":{"content":"not streamed"}}]})", "Content-Type: application/json\r\n")},
        {"nothing", streams({})},
        {"a page", replies(200, "<html>Welcome</html>", "Content-Type: text/html\r\n")},
        {"another shape", streams({"data: {\"choices\":\"none\"}\n\n", "data: [DONE]\n\n"})},
        {"a list", streams({"data: [1]\n\n"})}};
    for (const auto& [what, act] : garbage) {
        far.set(act);
        for (const std::string stream : {"false", "true"}) {
            const auto asked = [&](const std::string& path, const std::string& more) {
                auto answer = here.ask(",\"stream\":" + stream + more, path);
                INFO(what << " at " << path << ": " << answer.body);
                CHECK(answer.status == 502);
                CHECK_FALSE(answer.headers.contains("retry-after"));
                return nlohmann::json::parse(answer.body, nullptr, false);
            };
            for (const auto& [path, more] : std::vector<std::pair<std::string, std::string>>{
                     {"/v1/chat/completions", ""}, {"/v1/completions", R"(,"prompt":"Hi")"}, {"/v1/responses", R"(,"input":"Hi")"}}) {
                const auto said = asked(path, more);
                CHECK(said["error"]["type"] == "server_error");
                CHECK(said["error"]["code"] == "bad_gateway");
            }
            const auto anthropic = asked("/v1/messages", R"(,"max_tokens":9)");
            CHECK(anthropic["type"] == "error");
            CHECK(anthropic["error"]["type"] == "api_error");
            CHECK(asked("/api/chat", "")["error"].is_string());
        }
    }
    for (const auto* reply : {"garbage", "[]", R"({"data":[]})", R"({"data":[{"embedding":["x"]}]})"}) {
        far.set(replies(200, reply));
        CHECK(here.ask(R"(,"input":"Hi")", "/v1/embeddings").status == 502);
    }
}

TEST_CASE("a fault within a stream is an error event, never a silent end") {
    far_server far;
    const endpoint here(far.url());
    for (const auto& [rest, sentence] : std::vector<std::pair<std::string, std::string>>{
             {"data: {\"choi", "broke off in the middle of its answer"},
             {"data: {\"error\":{\"code\":503,\"message\":\"gone\"}}\n\n", "HTTP status 503"},
             {"data: garbage\n\n", "makes no sense"}}) {
        far.set(streams({words("Hello"), rest}));
        const auto answer = here.ask(R"(,"stream":true)");
        CHECK(answer.status == 200);
        CHECK_THAT(answer.body, ContainsSubstring(R"("content":"Hello")") && ContainsSubstring("data: {\"error\":") &&
                                    ContainsSubstring(sentence));
        CHECK(answer.body.find("data: [DONE]") == std::string::npos);
    }
}

TEST_CASE("a server that is not there is named, and one that is slow is given up at the limit") {
    const auto port = std::to_string(free_port());
    const endpoint absent("http://127.0.0.1:" + port);
    const auto answer = absent.ask("");
    CHECK(answer.status == 503);
    CHECK(answer.headers.contains("retry-after"));
    CHECK(message_of(answer) == "Nothing answers at http://127.0.0.1:" + port +
                                    " (connection refused); start that server, or correct url.");
    far_server far;
    const endpoint slow(far.url(), "first_token_timeout = 1\n");
    const scripted_server::act trickles = [](scripted_server::line& to, const std::string&) {
        to.send("HTTP/1.1 200 OK\r\nX: ");
        while (to.send("x")) std::this_thread::sleep_for(std::chrono::milliseconds{50});
    };
    for (const auto& act : {stalls(), trickles}) {
        far.set(act);
        const auto late = slow.ask("");
        CHECK(late.status == 504);
        CHECK_THAT(message_of(late), ContainsSubstring("did not begin to answer within 1000 ms"));
    }
}

TEST_CASE("a name without an address is said, and the program serves on") {
    const endpoint here("http://no-such-name.invalid:8080");
    for (int i = 0; i < 2; ++i) {
        const auto answer = here.ask("");
        CHECK(answer.status == 503);
        CHECK_THAT(message_of(answer), ContainsSubstring("The name no-such-name.invalid of the server at "
                                                         "http://no-such-name.invalid:8080 has no address"));
    }
}

TEST_CASE("a server with a certificate for another name is asked nothing") {
    const scratch_folder folder;
    const auto pem = (folder.path() / "other.pem").string();
    make_certificate(pem, "DNS:elsewhere.example");
    const scripted_server far({replies(200, "{}")}, pem);
    const endpoint here(far.url("", "https"), "ca_file = \"" + pem + "\"\n");
    const auto answer = here.ask("");
    CHECK(answer.status == 503);
    CHECK_THAT(message_of(answer), ContainsSubstring("shows a certificate that is not trusted for 127.0.0.1 (IP address mismatch)"));
    CHECK(far.requests().empty());
}

TEST_CASE("an answer without an end is cut at the limit, and the next one is whole") {
    far_server far;
    const endpoint here(far.url());
    far.set([](scripted_server::line& to, const std::string&) {
        to.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
        const auto piece = words(std::string(65536, 'x'));
        while (to.send(piece)) {
        }
    });
    const auto endless = here.ask("");
    CHECK(endless.status == 502);
    CHECK_THAT(message_of(endless), ContainsSubstring("sent an answer of more than 67108864 bytes, the most that is taken"));
    far.set(streams({words("well"), event("{}", "\"stop\""), "data: [DONE]\n\n"}));
    CHECK(here.ask("").status == 200);
}
