// The whole program between a client and a scripted server, for what nobody here knows: bytes up, bytes down.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "far_server.hpp"

using namespace tw::test;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string odd_json = " \r\n{ \"input\" : \"Gr\\u00fc\\u00dfe \xC3\xA9\",\t\"model\" :\t\"m\" , \"unknown\":{\"model\":\"x\",\"a\":[1e2,-0.0,1.50]} }\n";

std::string every_byte(std::size_t size) {
    std::string out;
    for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(i * 7 % 256);
    return out;
}

std::string request(std::string_view path, std::string_view type, std::string_view body, std::string_view headers = "",
                    std::string_view version = "1.1") {
    return "POST " + std::string(path) + " HTTP/" + std::string(version) + "\r\nHost: x\r\nContent-Type: " + std::string(type) + "\r\n" +
           std::string(headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

http_answer ask(const endpoint& here, const std::string& bytes) {
    raw_client client(here.port());
    client.send(bytes);
    return client.read();
}

std::string head_of(const std::string& request) { return request.substr(0, request.find("\r\n\r\n") + 2); }
std::string body_of(const std::string& request) { return request.substr(request.find("\r\n\r\n") + 4); }

std::string chunk(const std::string& bytes) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + bytes + "\r\n";
}

} // namespace

TEST_CASE("what nobody here knows goes up and comes back byte for byte") {
    far_server far;
    const endpoint here(far.url());
    const auto sound = every_byte(300'000);
    far.set(replies(200, sound, "Content-Type: audio/mpeg\r\nServer: theirs\r\n"));
    const auto answer = ask(here, request("/v1/audio/speech?x=1&y=%20z", "application/json", odd_json,
                                          "Accept: audio/mpeg\r\nAuthorization: Bearer the-clients\r\nx-api-key: the-clients\r\n"));
    CHECK(answer.status == 200);
    CHECK(answer.headers.at("content-type") == "audio/mpeg");
    CHECK(answer.headers.contains("x-request-id"));
    CHECK(answer.body == sound);
    const auto sent = far.requests().back();
    CHECK(sent.starts_with("POST /v1/audio/speech?x=1&y=%20z HTTP/1.1\r\n"));
    CHECK_THAT(head_of(sent), ContainsSubstring("\r\nContent-Type: application/json\r\n") && ContainsSubstring("\r\nAccept: audio/mpeg\r\n"));
    CHECK(sent.find("the-clients") == std::string::npos);
    CHECK(body_of(sent) == odd_json);

    // No model is named and there is but one; the body is none that anybody could read.
    const auto bytes = every_byte(5000);
    far.set(replies(200, "{\"text\": \"Hi\" }\n", "Content-Type: application/json\r\n"));
    CHECK(ask(here, request("/infill", "audio/wav", bytes)).body == "{\"text\": \"Hi\" }\n");
    CHECK(body_of(far.requests().back()) == bytes);
    const auto page = here.status()["pipelines"][0];
    CHECK(page["stats"]["requests"] == 2);
    CHECK(page["slots"]["active"] == 0);
}

TEST_CASE("whatever a server says to it is said to the client: status, type, when to come back") {
    far_server far;
    const endpoint here(far.url());
    for (const auto& [status, headers] : std::vector<std::pair<int, std::string>>{
             {429, "Retry-After: 17\r\nContent-Type: text/plain\r\n"}, {404, "Content-Type: application/json\r\n"},
             {401, "WWW-Authenticate: Basic\r\n"}, {500, ""}, {201, "Content-Disposition: attachment\r\nContent-Encoding: br\r\n"}}) {
        INFO(status);
        far.set(replies(status, "a\xFF\xFE b", headers));
        const auto answer = ask(here, request("/v1/moderations", "application/json", R"({"model":"m"})"));
        CHECK(answer.status == status);
        CHECK(answer.body == "a\xFF\xFE b");
        CHECK(answer.headers.contains("retry-after") == (status == 429));
        CHECK_FALSE(answer.headers.contains("www-authenticate"));
        if (status == 429) CHECK(answer.headers.at("retry-after") == "17");
        if (status == 429) CHECK(answer.headers.at("content-type") == "text/plain");
        if (status == 500) CHECK_FALSE(answer.headers.contains("content-type"));
        if (status == 201) CHECK(answer.headers.at("content-encoding") == "br");
    }
    far.set(says("HTTP/1.1 204 No Content\r\n\r\n"));
    raw_client client(here.port());
    for (int i = 0; i < 2; ++i) { // the connection goes on
        client.send(request("/v1/moderations", "application/json", R"({"model":"m"})"));
        CHECK(client.read().status == 204);
    }
}

TEST_CASE("a stream comes as it is made, wherever the server cuts it") {
    far_server far;
    const endpoint here(far.url());
    const std::string stream = ": a comment\r\n\r\nevent: x\ndata: {\"a\":\xFF}\n\ndata: half";
    for (std::size_t at = 0; at <= stream.size(); ++at) {
        INFO("cut before byte " << at);
        std::vector<std::string> pieces;
        for (const auto& piece : {stream.substr(0, at), stream.substr(at)})
            if (!piece.empty()) pieces.push_back(piece);
        far.set(streams(pieces));
        REQUIRE(ask(here, request("/v1/audio/speech", "application/json", R"({"model":"m"})")).body == stream);
    }
    std::atomic<bool> seen{false};
    far.set([&](scripted_server::line& to, const std::string&) {
        to.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("data: 1\n\n"));
        while (!seen) std::this_thread::yield();
        to.send(chunk("data: 2\n\n") + "0\r\n\r\n");
    });
    raw_client client(here.port());
    client.send(request("/v1/audio/speech", "application/json", R"({"model":"m"})"));
    const auto first = client.read_until("data: 1\n\n");
    CHECK_THAT(first, ContainsSubstring("Content-Type: text/event-stream\r\n") && ContainsSubstring("X-Accel-Buffering: no\r\n"));
    seen = true;
    CHECK_THAT(client.read_until("0\r\n\r\n"), ContainsSubstring("data: 2\n\n"));
}

TEST_CASE("the model's name is all that changes, where the server knows it by another") {
    far_server far;
    far.set(replies(200, "{}"));
    const scratch_folder folder;
    const endpoint here(far.url(), "model = \"their \\\"m\\\"\"\napi_key = { file = \"" + folder.write("key", "ours\n") + "\" }\n");
    auto renamed = odd_json;
    renamed.replace(renamed.find("\"m\""), 3, R"("their \"m\"")");
    CHECK(ask(here, request("/v1/images/generations", "application/json", odd_json, "Authorization: Bearer the-clients\r\n")).status == 200);
    CHECK(body_of(far.requests().back()) == renamed);
    CHECK_THAT(head_of(far.requests().back()), ContainsSubstring("\r\nAuthorization: Bearer ours\r\n"));
    CHECK(far.requests().back().find("the-clients") == std::string::npos);

    const auto form = [](const std::string& name) {
        return "preamble\r\n--b-1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"model\"\r\nContent-Type: audio/wav\r\n\r\n" +
               every_byte(3000) + "\r\n--b-\r\n\r\n--b-1 \r\ncontent-disposition: form-data; filename*=x; name=model\r\n\r\nm\r\n--b-1\r\n"
               "Content-Disposition: form-data; name=\"model\"\r\n\r\n" + name + "\r\n--b-1\r\n"
               "Content-Disposition: form-data; name=\"language\"\r\n\r\n\r\n--b-1--\r\nend";
    };
    CHECK(ask(here, request("/v1/audio/transcriptions", "multipart/form-data; charset=x; boundary=\"b-1\"", form("m"))).status == 200);
    CHECK(body_of(far.requests().back()) == form("their \"m\""));

    // Called so already, and not called anything: not a byte changes.
    for (const std::string body : {R"({"prompt":"a"})", R"({ "model":null})"}) {
        CHECK(ask(here, request("/v1/images/generations", "application/json", body)).status == 200);
        CHECK(body_of(far.requests().back()) == body);
    }
}

TEST_CASE("a server that dies on the way leaves the body without an end") {
    far_server far;
    const endpoint here(far.url());
    const auto half = [](const std::string& head, const std::string& bytes) {
        return [=](scripted_server::line& to, const std::string&) { to.send("HTTP/1.1 200 OK\r\n" + head + "\r\n" + bytes); };
    };
    const auto asked = request("/v1/audio/speech", "application/json", R"({"model":"m"})");
    for (const auto& act : {half("Content-Length: 1000\r\n", "half"), half("Transfer-Encoding: chunked\r\n", "4\r\nhalf\r\n")}) {
        far.set(act);
        raw_client client(here.port());
        client.send(asked);
        const auto all = client.read_to_end();
        CHECK_THAT(all, ContainsSubstring("HTTP/1.1 200 OK") && ContainsSubstring("half"));
        CHECK(all.find("\r\n0\r\n") == std::string::npos);
    }
    // Before a byte has come it is an error with a sentence.
    far.set([](scripted_server::line& to, const std::string&) { to.vanish(); });
    const auto gone = ask(here, asked);
    CHECK(gone.status == 503);
    CHECK_THAT(message_of(gone), ContainsSubstring("closed the connection before it answered"));
    far.set(says("SSH-2.0-OpenSSH\r\n\r\n"));
    const auto garbage = ask(here, asked);
    CHECK(garbage.status == 502);
    CHECK_THAT(garbage.body, ContainsSubstring("does not answer in HTTP/1.1"));
}

TEST_CASE("a client of HTTP/1.0 reads what is passed on to the end") {
    far_server far;
    const endpoint here(far.url());
    far.set(streams({"one", "two"}, "text/plain"));
    const auto asked = request("/v1/audio/speech", "application/json", R"({"model":"m"})", "", "1.0");
    raw_client whole(here.port());
    whole.send(asked);
    const auto all = whole.read_to_end();
    CHECK(all.ends_with("\r\n\r\nonetwo"));
    CHECK(all.find("chunked") == std::string::npos);
}

TEST_CASE("a client that leaves ends the server's work on what was passed on") {
    std::atomic<int> ended{0};
    far_server far;
    far.set([&](scripted_server::line& to, const std::string&) {
        to.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("Hello"));
        to.wait_gone();
        ++ended;
    });
    const endpoint here(far.url());
    {
        raw_client client(here.port());
        client.send(request("/v1/audio/speech", "application/json", R"({"model":"m"})"));
        CHECK_THAT(client.read_until("Hello"), ContainsSubstring("Hello"));
    }
    for (int i = 0; i < 20000 && ended == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    CHECK(ended == 1);
}

TEST_CASE("an answer is read from the server as fast as the client takes it, and comes whole") {
    const auto piece = every_byte(1U << 20U);
    std::atomic<std::size_t> sent{0};
    far_server far;
    far.set([&](scripted_server::line& to, const std::string&) {
        to.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(48 * piece.size()) + "\r\n\r\n");
        for (int i = 0; i < 48 && to.send(piece); ++i) sent += piece.size();
    });
    const endpoint here(far.url());
    raw_client client(here.port());
    client.send(request("/v1/audio/speech", "application/json", R"({"model":"m"})", "Connection: close\r\n"));
    // The sockets between hold some megabytes; what does not grow in a while is held back.
    std::size_t before = 1;
    for (int same = 0; same < 20; same = sent == before ? same + 1 : 0) {
        before = sent;
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    CHECK(sent < 40 * piece.size());
    const auto all = client.read_to_end();
    CHECK(all.size() > 48 * piece.size());
    CHECK(all.ends_with("\r\n0\r\n\r\n"));
    CHECK(sent == 48 * piece.size());
}

TEST_CASE("what is passed on goes to the first server that can be reached, and waits for its place") {
    far_server far, near;
    near.set(replies(200, "near"));
    const auto both = [&](const std::string& more) {
        return "[backend.near]\nplugin = \"llamacpp\"\nurl = \"" + near.url() + "\"\n[pipeline.q]\nserves = [\"both\"]\n"
               "target = [\"far\", \"near\"]\n" + more;
    };
    const endpoint here(far.url(), both("concurrency = 1\n"));
    const auto asked = request("/v1/audio/speech", "application/json", R"({"model":"both"})");
    far.set([](scripted_server::line& to, const std::string&) { to.vanish(); });
    CHECK(ask(here, asked).body == "near");
    near.set(says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")); // begun: it stays there
    const auto posts = [&] { return std::ranges::count_if(near.requests(), [](const auto& each) { return each.starts_with("POST"); }); };
    const auto before = posts();
    raw_client client(here.port());
    client.send(asked);
    CHECK_THAT(client.read_to_end(), ContainsSubstring("half") && !ContainsSubstring("\r\n0\r\n"));
    CHECK(posts() == before + 1);
    const auto missing = ask(here, request("/v1/audio/speech", "application/json", R"({"input":"x"})"));
    CHECK(missing.status == 400); // two pipelines
    CHECK_THAT(message_of(missing), ContainsSubstring("'model' is missing"));
}
