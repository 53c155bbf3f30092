// Requests that a server's plugin hands on as they came: where they go, what changes in them, what comes back.
#include <catch2/matchers/catch_matchers_string.hpp>

#include <string>
#include <string_view>

#include "played.hpp"
#include "plugins/llamacpp/server.hpp"
#include "plugins/ollama/ollama.hpp"
#include "plugins/openrouter/openrouter.hpp"

using namespace tw::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::string_view body = "{ \"x\": \"\xFF\", \"model\":  \"mine\" }";

tw_pass_request request(std::string_view target, std::string_view of = body, std::string_view name = "\"mine\"") {
    const auto at = of.find(name);
    return {.size = sizeof(tw_pass_request),
            .name_is_json = name.starts_with('"') ? 1U : 0U,
            .target = tw::sdk::str(target),
            .content_type = tw::sdk::str("a/b"),
            .accept = {},
            .body = tw::sdk::str(of),
            .name_at = at == std::string_view::npos ? 0 : at,
            .name_size = at == std::string_view::npos ? 0 : name.size()};
}

std::string header(const tw::testkit::seen_request& of, std::string_view wanted) {
    for (const auto& [name, value] : of.headers)
        if (name == wanted) return value;
    return "none";
}

} // namespace

TEST_CASE("passed on to a llama-server: any path, the body as it came, the answer as it comes") {
    played<llamacpp::server> server(R"({"url":"http://den:8080/v1","api_key":"x"})", {whole("{}")}, {{"api_key", "sk-hush"}});
    tw::testkit::scripted_answer answer{.status = 429, .pieces = {"a\xFF", "b"}, .retry_after_ms = 7000};
    answer.headers = {{"content-type", "c/d"}, {"retry-after", "7"}};
    const auto heard = server.pass(request("/infill?x=1"), answer);
    CHECK(heard.text == "a\xFF" "b");
    CHECK(heard.beside == "429\ncontent-type: c/d\nretry-after: 7\n");
    CHECK(heard.end.code == TW_OK);
    const auto sent = server.last();
    CHECK(sent.method == "POST");
    CHECK(sent.url == "http://den:8080/infill?x=1");
    CHECK(sent.body == body);
    CHECK(header(sent, "Content-Type") == "a/b");
    CHECK(header(sent, "Accept") == "none");
    CHECK(header(sent, "Authorization") == "Bearer sk-hush");
    const auto broken = server.pass(request("/v1/x"), {.pieces = {"half"}, .failure = TW_UNAVAILABLE, .sentence = "It broke off."});
    CHECK(broken.text == "half");
    CHECK(broken.sentence == "It broke off.");
    CHECK(broken.end.code == TW_UNAVAILABLE);
}

TEST_CASE("passed on under another name: its bytes and no others are replaced") {
    played<llamacpp::server> server(R"({"url":"http://den:8080","model":"th\"eirs"})", {whole("{}")});
    server.pass(request("/v1/x"), whole("{}"));
    CHECK(server.last().body == "{ \"x\": \"\xFF\", \"model\":  \"th\\\"eirs\" }");
    server.pass(request("/v1/x", "--b\r\n\r\nmine\r\n--b--", "mine"), whole("{}"));
    CHECK(server.last().body == "--b\r\n\r\nth\"eirs\r\n--b--");
    server.pass(request("/v1/x", R"({"model":"th\u0022eirs"})", R"("th\u0022eirs")"), whole("{}")); // the same, written otherwise
    CHECK(server.last().body == R"({"model":"th\u0022eirs"})");
    server.pass(request("/v1/x", "RIFF"), whole("{}"));
    CHECK(server.last().body == "RIFF");
    auto outside = request("/v1/x");
    outside.name_at = body.size();
    CHECK(server.pass(outside, whole("{}")).end.code == TW_INVALID_ARGUMENT);
}

TEST_CASE("an Ollama and a cloud are passed on what is below /v1/, the cloud below its own version") {
    played<ollama::server> ollama(R"({"model":"tiny"})", {whole(R"({"version":"1"})"), whole(R"({"models":[{"name":"tiny:latest"}]})")});
    ollama.pass(request("/v1/audio/transcriptions"), whole("{}"));
    CHECK(ollama.last().url == "http://127.0.0.1:11434/v1/audio/transcriptions");
    CHECK_THAT(ollama.last().body, ContainsSubstring(R"("model":  "tiny" })"));
    const auto refused = ollama.pass(request("/infill"), whole("{}"));
    CHECK(refused.end.code == TW_UNSUPPORTED);
    CHECK(refused.sentence == "An Ollama is passed on what is below /v1/ only.");

    played<openrouter::cloud> cloud(R"({"url":"https://cloud.example/api/v3","model":"a/b"})", {whole(R"({"data":[{"id":"a/b"}]})")},
                                    {{"api_key", "sk-hush"}});
    cloud.pass(request("/v1/images/generations?n=1"), whole("{}"));
    CHECK(cloud.last().url == "https://cloud.example/api/v3/images/generations?n=1");
    CHECK(cloud.last().flags == flags_of_cloud);
    CHECK_THAT(cloud.last().body, ContainsSubstring(R"("model":  "a/b" })"));
    CHECK(header(cloud.last(), "Authorization") == "Bearer sk-hush");
    CHECK(cloud.pass(request("/infill"), whole("{}")).end.code == TW_UNSUPPORTED);
}
