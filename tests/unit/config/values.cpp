// What a right configuration becomes.
#include <filesystem>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "config/units.hpp"
#include "environment.hpp"
#include "lookup.hpp"
#include "support/scratch_folder.hpp"

using tw::test::parse_text;
using tw::test::parse_with_pipeline;
using tw::test::variable;
using namespace std::chrono_literals;

TEST_CASE("a word that names no file beside the configuration is a name, and handed on as it is") {
    const tw::test::scratch_folder folder;
    folder.write("own", "x");
    const auto form = [&](const char* written) {
        const auto loaded = parse_text("schema = 1\n[backend.m]\nplugin = \"llamacpp\"\nmodel_path = \"m.gguf\"\nform = \"" +
                                           std::string(written) + "\"\n[pipeline.p]\nserves = \"m\"\ntarget = \"m\"\n",
                                       (folder.path() / "x.toml").string());
        REQUIRE(loaded.has_value());
        return nlohmann::json::parse(loaded->node("m")->options_json)["form"].get<std::string>();
    };
    CHECK(form("llama3") == "llama3");
    CHECK(form("granite-4.0") == "granite-4.0");
    CHECK(form("own") == (folder.path() / "own").string());
    CHECK(form("./llama3") == (folder.path() / "llama3").string());
    CHECK(form("/etc/llama3") == "/etc/llama3");
}

TEST_CASE("a whole configuration arrives as written") {
    const variable cache("TIGHTWAD_CACHE", "/var/cache/tw");
    const variable home("HOME", "/home/me");
    const auto loaded = parse_text(R"(
schema = 1
[server]
listen = "[::1]:9000"
token = { env = "MY_TOKEN" }
cors_origins = ["http://a", "http://b"]
max_body_size = "2MiB"
max_tokens_limit = 100
drain_timeout = "2m"
[backend.big]
plugin = "llamacpp"
sha256 = "9EE11ADF00000000000000000000000000000000000000000000000000000000"
model_path = "cache:big.gguf"
context = 4096
rope_scale = 2
mmap = false
[backend.small]
plugin = "llamacpp"
model_path = "../models/small.gguf"
[backend.far]
plugin = "cloud"
url = "https://a.example"
api_key = { file = "~/key" }
[pipeline.chat]
serves = ["one", "two"]
draft = "small"
target = "big"
max_draft_tokens = 3
fallback = false
queue = 0
[pipeline.plain]
serves = "three"
target = "far"
max_draft_tokens = "auto"
)");
    REQUIRE(loaded.has_value());
    const auto& server = loaded->server;
    CHECK(server.host == "::1");
    CHECK(server.port == 9000);
    CHECK(server.url() == "http://[::1]:9000");
    CHECK(server.token->name == "MY_TOKEN");
    CHECK(server.cors_origins.size() == 2);
    CHECK(server.max_body_bytes == 2U << 20U);
    CHECK(server.max_tokens_limit == 100);
    CHECK(server.drain_timeout == 2min);

    REQUIRE(loaded->nodes.size() == 3);
    const auto* big = loaded->node("big");
    REQUIRE(big != nullptr);
    CHECK(big->interface == "backend");
    CHECK(big->sha256.starts_with("9ee11adf"));
    CHECK(nlohmann::json::parse(big->options_json) ==
          nlohmann::json{{"model_path", "/var/cache/tw/models/big.gguf"},
                         {"context", 4096},
                         {"rope_scale", 2.0},
                         {"mmap", false}});
    CHECK(nlohmann::json::parse(loaded->node("small")->options_json)["model_path"] ==
          "/etc/models/small.gguf");
    const auto* far = loaded->node("far");
    CHECK(far->secrets.at("api_key").name == "/home/me/key");
    CHECK_FALSE(nlohmann::json::parse(far->options_json).contains("api_key"));
    CHECK(loaded->node("nobody") == nullptr);

    const auto& chat = loaded->pipelines.at(0);
    CHECK(chat.name == "chat");
    CHECK(chat.serves == std::vector<std::string>{"one", "two"});
    CHECK(chat.draft == std::vector<std::string>{"small"});
    CHECK(chat.target == "big");
    CHECK(chat.max_draft_tokens == 3);
    CHECK_FALSE(chat.fallback);
    CHECK(chat.queue == 0);
    CHECK_FALSE(loaded->pipelines.at(1).max_draft_tokens.has_value());
}

TEST_CASE("what is not written has the documented default") {
    const auto loaded = parse_with_pipeline("");
    REQUIRE(loaded.has_value());
    CHECK(loaded->server.url() == "http://127.0.0.1:8088");
    CHECK_FALSE(loaded->server.token.has_value());
    CHECK(loaded->server.max_body_bytes == 10485760);
    CHECK(loaded->server.max_tokens_limit == 16384);
    CHECK(loaded->server.drain_timeout == 30s);
    const auto& chat = loaded->pipelines.at(0);
    CHECK(chat.fallback);
    CHECK(chat.queue == 64);
    CHECK(chat.verify == "exact");
    CHECK(chat.draft.empty());
}

TEST_CASE("a wildcard address is reached through loopback") {
    CHECK(parse_with_pipeline("[server]\nlisten = \"0.0.0.0:80\"")->server.url() == "http://127.0.0.1:80");
    CHECK(parse_with_pipeline("[server]\nlisten = \"[::]:80\"")->server.url() == "http://[::1]:80");
}

TEST_CASE("variables override the file, and a bad value is named") {
    const variable host("TIGHTWAD_HOST", "[::1]"), port("TIGHTWAD_PORT", "9999"),
        size("TIGHTWAD_MAX_BODY_SIZE", "1MiB"), limit("TIGHTWAD_MAX_TOKENS_LIMIT", "7"),
        draft("TIGHTWAD_MAX_DRAFT_TOKENS", "5"), token("TIGHTWAD_TOKEN", "secret");
    const auto loaded = parse_with_pipeline("[server]\nlisten = \"127.0.0.1:80\"");
    REQUIRE(loaded.has_value());
    CHECK(loaded->server.url() == "http://[::1]:9999");
    CHECK(loaded->server.max_body_bytes == 1U << 20U);
    CHECK(loaded->server.max_tokens_limit == 7);
    CHECK(loaded->pipelines.at(0).max_draft_tokens == 5);
    CHECK(loaded->server.token->name == "TIGHTWAD_TOKEN");
    {
        const variable both("TIGHTWAD_PROXY_TOKEN", "other");
        CHECK(parse_with_pipeline("")->server.token->name == "TIGHTWAD_PROXY_TOKEN");
    }
    const variable bad_port("TIGHTWAD_PORT", "http"), bad_draft("TIGHTWAD_MAX_DRAFT_TOKENS", "0");
    const auto refused = parse_with_pipeline("");
    REQUIRE(refused.has_error());
    REQUIRE(refused.error().size() == 2);
    CHECK(to_string(refused.error()[0]) == "TIGHTWAD_PORT: The environment variable is \"http\"; it must "
                                           "be an integer from 1 to 65535.");
    CHECK(to_string(refused.error()[1]) == "TIGHTWAD_MAX_DRAFT_TOKENS: The environment variable is \"0\"; "
                                           "it must be \"auto\" or an integer from 1 to 256.");
}

TEST_CASE("sizes, times and addresses are read with their units") {
    CHECK(tw::parse_size("8GB") == 8000000000U);
    CHECK(tw::parse_size("1.5 KiB") == 1536U);
    CHECK(tw::parse_size("10485760") == 10485760U);
    for (const char* bad : {"", "GB", "-1", "8gb", "nan", "1e999", "99999999999999999999TB", "8GB "})
        CHECK_FALSE(tw::parse_size(bad).has_value());
    CHECK(tw::parse_duration("30s") == 30s);
    CHECK(tw::parse_duration("1.5m") == 90s);
    CHECK(tw::parse_duration("500ms") == 500ms);
    for (const char* bad : {"", "30", "-1s", "s", "30 seconds"})
        CHECK_FALSE(tw::parse_duration(bad).has_value());
    CHECK(tw::parse_listen("localhost:1") == std::pair<std::string, std::uint16_t>("localhost", 1));
    for (const char* bad : {"", "8088", ":8088", "::1:80", "a:0", "a:65536", "[::1]", "http://a:1", "a b:1"})
        CHECK_FALSE(tw::parse_listen(bad).has_value());
}

TEST_CASE("the plugins a file names and their pins are known before any is opened") {
    CHECK(tw::named_plugins("/nowhere/none.toml").empty());
    CHECK(tw::named_plugins(std::filesystem::path(TW_SOURCE_DIR) / "tests/golden/config/pins-differ.toml") ==
          std::map<std::string, std::string>{{"llamacpp", std::string(64, '1')}});
}

TEST_CASE("a backend whose url is a peer's needs no model here") {
    const auto loaded = parse_text(R"(
schema = 1
[backend.far]
plugin = "llamacpp"
url = "tws://den"
model = "qwen3-1.7b"
token = { env = "TIGHTWAD_PEER_TOKEN" }
fingerprint = "9EE11ADF00000000000000000000000000000000000000000000000000000000"
[backend.near]
plugin = "llamacpp"
url = "tw://[::1]:9292"
[backend.cloud]
plugin = "cloud"
url = "https://a.example"
api_key = { env = "KEY" }
[pipeline.chat]
serves = "m"
draft = "near"
draft_fallback = ["cloud"]
target = ["far", "second"]
failover = "any"
[backend.second]
plugin = "llamacpp"
model_path = "m.gguf"
)");
    REQUIRE(loaded.has_value());
    const auto& far = *loaded->node("far");
    REQUIRE(far.peer.has_value());
    CHECK(far.peer->url == "tws://den:9191");
    CHECK(far.peer->model == "qwen3-1.7b");
    CHECK(far.peer->token->name == "TIGHTWAD_PEER_TOKEN");
    CHECK(far.peer->fingerprint.starts_with("9ee11adf"));
    CHECK(far.options_json == "{}");
    CHECK(loaded->node("near")->peer->url == "tw://[::1]:9292");
    CHECK(loaded->node("near")->peer->model.empty());
    CHECK_FALSE(loaded->node("cloud")->peer.has_value());
    CHECK_FALSE(loaded->node("second")->peer.has_value());
    CHECK_FALSE(loaded->peer.has_value());
    const auto& chat = loaded->pipelines.at(0);
    CHECK(chat.target == "far");
    CHECK(chat.replicas == std::vector<std::string>{"second"});
    CHECK(chat.draft_fallback == std::vector<std::string>{"cloud"});
    CHECK(chat.failover == "any");
    CHECK(parse_with_pipeline("")->pipelines.at(0).failover == "same-bytes");
}

TEST_CASE("[peer] says what this machine does for others, and needs no pipeline") {
    const variable none("TIGHTWAD_PEER_TOKEN", "");
    const auto bare = parse_text("schema = 1\n[peer]\n");
    REQUIRE(bare.has_value());
    REQUIRE(bare->peer.has_value());
    CHECK(bare->peer->host == "127.0.0.1");
    CHECK(bare->peer->port == 9191);
    CHECK_FALSE(bare->peer->machine.empty());
    CHECK_FALSE(bare->peer->uses_tls());
    CHECK_FALSE(bare->peer->token.has_value());
    CHECK(bare->pipelines.empty());

    const auto loaded = parse_text(R"(
schema = 1
[peer]
listen = "0.0.0.0:9292"
token = { file = "token" }
machine = "den"
drafts = ["small"]
targets = "small"
model_dirs = ["/models", "more"]
rpc_server = "bin/ggml-rpc-server"
rpc_threads = 6
rpc_cache = true
[backend.small]
plugin = "llamacpp"
model_path = "m.gguf"
)");
    REQUIRE(loaded.has_value());
    const auto& peer = *loaded->peer;
    CHECK(peer.host == "0.0.0.0");
    CHECK(peer.port == 9292);
    CHECK(peer.token->name == "/etc/tightwad/token");
    CHECK(peer.machine == "den");
    CHECK(peer.uses_tls());
    CHECK(peer.drafts == std::vector<std::string>{"small"});
    CHECK(peer.targets == std::vector<std::string>{"small"});
    CHECK(peer.model_dirs == std::vector<std::filesystem::path>{"/models", "/etc/tightwad/more"});
    CHECK(peer.rpc_server == "/etc/tightwad/bin/ggml-rpc-server");
    CHECK(peer.rpc_threads == 6);
    CHECK(peer.rpc_cache);
    CHECK_FALSE(parse_text("schema = 1\n[peer]\nlisten = \"0.0.0.0:1\"\n").has_value());
    CHECK_FALSE(parse_text("schema = 1\n[peer]\nlisten = \"0.0.0.0:1\"\ntls = false\ntoken = { env = \"T\" }")
                    ->peer->uses_tls());
}

TEST_CASE("the peer's token comes from the environment with or without a [peer] table") {
    const variable token("TIGHTWAD_PEER_TOKEN", "secret");
    const auto open = parse_text("schema = 1\n[peer]\nlisten = \"0.0.0.0:9191\"\n");
    REQUIRE(open.has_value());
    CHECK(open->peer->token->name == "TIGHTWAD_PEER_TOKEN");
    const auto without = parse_with_pipeline("");
    REQUIRE(without.has_value());
    CHECK(without->peer->token->name == "TIGHTWAD_PEER_TOKEN");
    CHECK(without->peer->port == 9191);
    CHECK(parse_text("schema = 1\n").has_error());
}

TEST_CASE("loopback is what only this machine can reach") {
    for (const char* host : {"127.0.0.1", "127.1.2.3", "::1", "localhost"}) CHECK(tw::is_loopback(host));
    for (const char* host : {"0.0.0.0", "::", "192.168.1.7", "127.example.org", "den"}) CHECK_FALSE(tw::is_loopback(host));
}

TEST_CASE("a path may be the name of one of Ollama's models") {
    const tw::test::scratch_folder folder;
    const variable models("OLLAMA_MODELS", folder.path().string());
    const auto digest = std::string(64, 'a');
    folder.write("manifests/registry.ollama.ai/library/tiny/1b",
                 R"({"layers":[{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:)" + digest + "\"}]}");
    const auto blob = folder.write("blobs/sha256-" + digest, "GGUF");
    const auto text = [](const std::string& name) {
        return "schema = 1\n[peer]\n[backend.b]\nplugin = \"llamacpp\"\nmodel_path = \"" + name + "\"\n";
    };
    const auto loaded = parse_text(text("ollama:tiny:1b"));
    REQUIRE(loaded.has_value());
    CHECK(nlohmann::json::parse(loaded->node("b")->options_json)["model_path"] ==
          blob);
    const auto refused = parse_text(text("ollama:tiny:2b"));
    REQUIRE(refused.has_error());
    CHECK(to_string(refused.error().front()) ==
          "/etc/tightwad/test.toml:5:14: Ollama has no model \"tiny:2b\" on this machine; did you mean \"tiny:1b\"? "
          "It has tiny:1b.");
}

TEST_CASE("private_upstreams = false is for peers and workers, too") {
    const auto loaded = [](const std::string& allowed) {
        return *parse_text("schema = 1\n[server]\nprivate_upstreams = " + allowed + R"(
[backend.far]
plugin = "llamacpp"
url = "tw://192.168.1.20:9191"
[backend.big]
plugin = "llamacpp"
model_path = "/m/big.gguf"
pool = "den"
[pool.den]
plugin = "rpc-coordinator"
insecure = true
workers = [ { url = "tw://192.168.1.20" }, { host = "192.168.1.21" } ]
[pipeline.chat]
serves = ["m"]
target = "big"
)");
    };
    for (const bool allowed : {true, false}) {
        const auto config = loaded(allowed ? "true" : "false");
        CHECK(config.node("far")->peer->public_only == !allowed);
        const auto& workers = config.pool("den")->workers;
        CHECK(workers[0].peer->public_only == !allowed);
        CHECK(workers[1].public_only == !allowed);
    }
}

TEST_CASE("a pool arrives as written, and a backend names it") {
    const auto loaded = parse_text(R"(
schema = 1
[backend.big]
plugin = "llamacpp"
model_path = "/m/big.gguf"
pool = "den"
[pool.den]
plugin = "rpc-coordinator"
insecure = true
workers = [ { url = "tws://192.168.1.20", rpc_port = 50060, device = "CUDA0,CUDA1", vram = "8GB", token = { env = "T" }, fingerprint = "AB00000000000000000000000000000000000000000000000000000000000000" },
            { host = "192.168.1.21", experts = "0-2,7" }, { url = "tw://127.0.0.1:9292" } ]
[pool.attic]
plugin = "rpc-coordinator"
workers = [ { host = "127.0.0.1", vram = "1GB", experts = "balanced" } ]
[pipeline.chat]
serves = ["m"]
target = "big"
)");
    REQUIRE(loaded.has_value());
    CHECK(loaded->node("big")->pool == "den");
    CHECK(loaded->node("big")->options_json == R"({"model_path":"/m/big.gguf"})");
    const auto* den = loaded->pool("den");
    REQUIRE(den != nullptr);
    CHECK(loaded->pool("cellar") == nullptr);
    CHECK(loaded->pool("attic")->workers[0].balanced_experts);
    CHECK(den->insecure);
    CHECK(den->output == "coordinator");
    REQUIRE(den->workers.size() == 3);
    const auto& first = den->workers[0];
    CHECK(first.name == "192.168.1.20:50060");
    CHECK(first.peer->url == "tws://192.168.1.20:9191");
    CHECK(first.peer->token->name == "T");
    CHECK(first.peer->fingerprint == "ab00000000000000000000000000000000000000000000000000000000000000");
    CHECK(first.device == "CUDA0,CUDA1");
    CHECK(first.vram_bytes == 8'000'000'000);
    CHECK(den->workers[1].name == "192.168.1.21:50052");
    CHECK_FALSE(den->workers[1].peer.has_value());
    CHECK(den->workers[1].experts == std::vector<std::uint32_t>{0, 1, 2, 7});
    CHECK(first.experts.empty());
    CHECK(den->workers[2].peer->url == "tw://127.0.0.1:9292");
}
