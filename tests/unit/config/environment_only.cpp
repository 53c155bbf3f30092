// A configuration from variables alone.
#include <catch2/catch_test_macros.hpp>

#include "config/config.hpp"
#include "unit/config/environment.hpp"

using namespace tw;
using tw::test::variable;

namespace {

tw::result<std::vector<option_info>> no_options(std::string_view, std::string_view) { return std::vector<option_info>(); }

std::string mistakes() {
    const auto loaded = from_environment(no_options);
    std::string out;
    if (loaded.has_error())
        for (const auto& each : loaded.error()) out += to_string(each) + '\n';
    return out;
}

} // namespace

TEST_CASE("the variables of one server are a configuration") {
    CHECK_FALSE(environment_plugin().has_value());
    const variable url("TIGHTWAD_TARGET_URL", "http://192.168.1.20:11434"), model("TIGHTWAD_TARGET_MODEL", "qwen3:32b");
    CHECK(environment_plugin() == "ollama");
    const variable key("TIGHTWAD_TARGET_API_KEY", "sk"), port("TIGHTWAD_PORT", "9000"), open("TIGHTWAD_ALLOW_PRIVATE_UPSTREAM", "false");
    const auto loaded = from_environment(no_options);
    REQUIRE(loaded.has_value());
    CHECK(loaded->server.port == 9000);
    CHECK(loaded->server.host == "127.0.0.1");
    CHECK_FALSE(loaded->server.private_upstreams);
    REQUIRE(loaded->nodes.size() == 1);
    CHECK(loaded->nodes[0].plugin == "ollama");
    CHECK(loaded->nodes[0].server);
    CHECK(loaded->nodes[0].options_json == R"({"model":"qwen3:32b","url":"http://192.168.1.20:11434"})");
    CHECK(read_secret(loaded->nodes[0].secrets.at("api_key")).value() == "sk");
    REQUIRE(loaded->pipelines.size() == 1);
    CHECK(loaded->pipelines[0].serves == std::vector<std::string>{"qwen3:32b"});
    CHECK(environment_remarks(*loaded).empty());
}

TEST_CASE("a llama-server needs no model's name") {
    const variable url("TIGHTWAD_TARGET_URL", "https://den"), kind("TIGHTWAD_TARGET_BACKEND", "llamacpp");
    const auto loaded = from_environment(no_options);
    REQUIRE(loaded.has_value());
    CHECK(loaded->pipelines[0].serves == std::vector<std::string>{"target"});
    CHECK(loaded->nodes[0].options_json == R"({"url":"https://den"})");
}

TEST_CASE("what is wrong with a variable names it") {
    const variable kind("TIGHTWAD_TARGET_BACKEND", "vllm");
    for (const auto* bad : {"ftp://den", "den:11434", "file:///etc/passwd", "http://", "tw://den:9191", "http://${HOST}"}) {
        const variable url("TIGHTWAD_TARGET_URL", bad);
        INFO(bad);
        CHECK(mistakes().starts_with("TIGHTWAD_TARGET_URL: "));
    }
    const variable url("TIGHTWAD_TARGET_URL", "http://den");
    const auto said = mistakes();
    CHECK(said.find("TIGHTWAD_TARGET_MODEL: ") != std::string::npos);
    CHECK(said.find("TIGHTWAD_TARGET_BACKEND: The environment variable is \"vllm\"") != std::string::npos);
    const variable model("TIGHTWAD_TARGET_MODEL", "m"), draft("TIGHTWAD_DRAFT_URL", "gopher://den"),
        strict("TIGHTWAD_ALLOW_PRIVATE_UPSTREAM", "perhaps");
    CHECK(mistakes().find("TIGHTWAD_DRAFT_URL: ") != std::string::npos);
    CHECK(mistakes().find("TIGHTWAD_ALLOW_PRIVATE_UPSTREAM: The environment variable is \"perhaps\"") != std::string::npos);
}

TEST_CASE("true and false are read in any case") {
    const variable url("TIGHTWAD_TARGET_URL", "http://den"), model("TIGHTWAD_TARGET_MODEL", "m");
    for (const auto* word : {"False", "FALSE", "No", "0"}) {
        const variable strict("TIGHTWAD_ALLOW_PRIVATE_UPSTREAM", word);
        CHECK_FALSE(from_environment(no_options)->server.private_upstreams);
    }
    const variable open("TIGHTWAD_ALLOW_PRIVATE_UPSTREAM", "True");
    CHECK(from_environment(no_options)->server.private_upstreams);
}

TEST_CASE("the length of drafts without a file does nothing, and that is said") {
    const variable url("TIGHTWAD_TARGET_URL", "http://den"), model("TIGHTWAD_TARGET_MODEL", "m"), length("TIGHTWAD_MAX_DRAFT_TOKENS", "5");
    const auto remarks = environment_remarks(*from_environment(no_options));
    REQUIRE(remarks.size() == 1);
    CHECK(remarks[0].at.file == "TIGHTWAD_MAX_DRAFT_TOKENS");
    configuration file;
    file.path = "tightwad.toml";
    CHECK(environment_remarks(file).size() == 1); // of TIGHTWAD_TARGET_URL: there it is read
    const variable automatic("TIGHTWAD_MAX_DRAFT_TOKENS", "auto");
    CHECK(environment_remarks(*from_environment(no_options)).empty());
}

TEST_CASE("what the older Tightwad's variables asked for and is not done is said") {
    const variable url("TIGHTWAD_TARGET_URL", "http://den"), model("TIGHTWAD_TARGET_MODEL", "m"),
        draft("TIGHTWAD_DRAFT_URL", "http://other"), mode("TIGHTWAD_CONSENSUS_MODE", "strict"), form("TIGHTWAD_CHAT_TEMPLATE", "auto");
    const auto loaded = from_environment(no_options);
    REQUIRE(loaded.has_value());
    CHECK(loaded->pipelines[0].draft.empty());
    const auto remarks = environment_remarks(*loaded);
    REQUIRE(remarks.size() == 2);
    CHECK(remarks[0].at.file == "TIGHTWAD_DRAFT_URL");
    CHECK(remarks[1].at.file == "TIGHTWAD_CONSENSUS_MODE");
    configuration file;
    file.path = "tightwad.toml";
    CHECK(environment_remarks(file).size() == 1);
    const variable open("TIGHTWAD_ALLOW_UNAUTHENTICATED", "True"), warm("TIGHTWAD_DISABLE_PREWARM", "1"),
        small("TIGHTWAD_DRAFT_MODEL", "m"), kind("TIGHTWAD_DRAFT_BACKEND", "ollama"), mine("TIGHTWAD_CHAT_TEMPLATE", "ChatML");
    for (const auto& each : environment_remarks(*loaded)) {
        INFO(each.message);
        CHECK((each.message.find("Leave it out") != std::string::npos || each.message.find("rite ") != std::string::npos ||
               each.message.find("In a file it is") != std::string::npos || each.message.find("set TIGHTWAD_PROXY_TOKEN") != std::string::npos));
    }
    CHECK(environment_remarks(*loaded).size() == 7);
    CHECK(environment_remarks(file).size() == 3); // those that were read beside a file, too
    const variable closed("TIGHTWAD_ALLOW_UNAUTHENTICATED", "FALSE"), off("TIGHTWAD_CONSENSUS_MODE", "Off");
    CHECK(environment_remarks(*loaded).size() == 5);
}
