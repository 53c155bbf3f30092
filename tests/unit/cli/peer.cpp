// `tightwad peer`: its life from start to stop, and what it lets out.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <fstream>
#include <iterator>

#include "program.hpp"
#include "support/free_port.hpp"

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using namespace tw::test;
namespace fs = std::filesystem;

namespace {

// A state folder of its own, so that no other peer of this machine is met.
struct alone {
    scratch_folder folder;
    std::map<std::string, std::string> variables{{"TIGHTWAD_STATE", folder.path().string()},
                                                 {"XDG_CONFIG_HOME", folder.path().string()},
                                                 {"HOME", folder.path().string()}};
    std::string file;

    explicit alone(const std::string& text = "schema = 1\n[peer]\nmachine = \"den\"\n") : file(folder.write("peer.toml", text)) {}
    [[nodiscard]] ran run(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "peer");
        arguments.insert(arguments.end(), {"-c", file});
        return run_tightwad(arguments, "", variables);
    }
};

} // namespace

TEST_CASE("a peer is started, asked and stopped") {
    const alone here;
    const auto port = std::to_string(free_port());
    CHECK(here.run({"status"}).code == 1);
    CHECK(here.run({"status"}).err == "error: No peer is running; start one with `tightwad peer start`.\n");
    CHECK(here.run({"stop"}).out == "No peer is running.\n");
    running_tightwad peer({"peer", "start", "--port", port, "-c", here.file}, here.variables);
    CHECK_THAT(peer.wait_for("Tightwad"), ContainsSubstring("peer den at tw://127.0.0.1:" + port + ", no engines, no token\n"));

    const auto second = here.run({"start", "--port", std::to_string(free_port())});
    CHECK(second.code == 1);
    CHECK_THAT(second.err, ContainsSubstring("A peer already runs at tw://127.0.0.1:" + port));

    const auto status = here.run({"status"});
    INFO(status.err);
    CHECK(status.code == 0);
    CHECK_THAT(status.out, ContainsSubstring("peer den at tw://127.0.0.1:" + port) && ContainsSubstring("serves no engines"));
    const auto json = nlohmann::json::parse(here.run({"status", "--json"}).out);
    CHECK(json["version"]["machine"] == "den");
    CHECK(json["health"]["sessions"] == 0);
    CHECK(json["gpu"]["gpus"].is_array());
    CHECK(json["rpc"]["rpc"].empty());

    const auto stopped = here.run({"stop"});
    CHECK(stopped.code == 0);
    CHECK_THAT(stopped.out, ContainsSubstring("has stopped."));
    CHECK(peer.wait() == 0);
    CHECK_FALSE(fs::exists(here.folder.path() / "peer.json"));
    std::ifstream log(here.folder.path() / "logs/peer.log");
    CHECK_THAT(std::string(std::istreambuf_iterator<char>(log), {}), ContainsSubstring("event=peer_listening"));
}

TEST_CASE("a peer with TLS is asked by the machine it runs on, with the token alone") {
    alone here;
    const auto port = std::to_string(free_port());
    here.file = here.folder.write("tls.toml", "schema = 1\n[peer]\ntls = true\nmachine = \"den\"\nlisten = \"127.0.0.1:" + port +
                                                  "\"\ntoken = { env = \"SECRET_OF_THE_TEST\" }\n");
    here.variables["SECRET_OF_THE_TEST"] = "a token's";
    running_tightwad peer({"peer", "start", "-c", here.file}, here.variables);
    CHECK_THAT(peer.wait_for("fingerprint"), ContainsSubstring("tws://127.0.0.1:" + port) && ContainsSubstring("token asked"));
    const auto status = here.run({"status"});
    INFO(status.err);
    CHECK(status.code == 0);
    CHECK_THAT(status.out, ContainsSubstring("tws://127.0.0.1:" + port));
    here.variables["SECRET_OF_THE_TEST"] = "wrong";
    const auto refused = here.run({"status"});
    CHECK(refused.code == 1);
    CHECK_THAT(refused.err, ContainsSubstring("token is missing or wrong"));
}

TEST_CASE("other machines are let in only with a token") {
    const alone here;
    const auto open = here.run({"start", "--listen", "0.0.0.0"});
    CHECK(open.code == 2);
    CHECK_THAT(open.err, ContainsSubstring("there is no token") && ContainsSubstring("TIGHTWAD_PEER_TOKEN"));
    CHECK(here.run({"start", "--listen", "a b"}).code == 2);
    CHECK(here.run({"start", "--port", "0"}).code == 2);
    CHECK(here.run({"start", "--port", "70000"}).code == 2);
    const alone written("schema = 1\n[peer]\nlisten = \"0.0.0.0:9191\"\n");
    CHECK_THAT(written.run({"start"}).err, ContainsSubstring("peer.toml:2:1: error: [peer] listens on 0.0.0.0"));
}

TEST_CASE("a peer needs no configuration at all, and an endpoint needs a pipeline") {
    const alone here;
    running_tightwad peer({"peer", "start", "--port", std::to_string(free_port())}, here.variables);
    CHECK_THAT(peer.wait_for("Tightwad"), ContainsSubstring("no engines"));
    CHECK(run_tightwad({"peer", "status"}, "", here.variables).code == 0);

    const auto served = run_tightwad({"serve", "-c", here.file}, "", here.variables);
    CHECK(served.code == 2);
    CHECK_THAT(served.err, ContainsSubstring("There is no [pipeline.NAME] table") && ContainsSubstring("tightwad peer start"));
    CHECK(run_tightwad({"bench", "-c", here.file}, "", here.variables).code == 2);
    CHECK(run_tightwad({"chat", "-c", here.file}, "hello", here.variables).code == 2);
    CHECK(run_tightwad({"check", "-c", here.file}, "", here.variables).code == 0);
}

TEST_CASE("a port that is taken is one sentence, and nothing stays behind") {
    const alone here;
    const alone other;
    const auto port = std::to_string(free_port());
    running_tightwad peer({"peer", "start", "--port", port, "-c", here.file}, here.variables);
    CHECK_THAT(peer.wait_for("Tightwad"), ContainsSubstring(port));
    const auto refused = other.run({"start", "--port", port});
    CHECK(refused.code == 1);
    CHECK_THAT(refused.err, ContainsSubstring("Cannot listen on 127.0.0.1:" + port));
    CHECK_FALSE(fs::exists(other.folder.path() / "peer.json"));
}

TEST_CASE("an invitation can be pasted, and shows the token only when asked") {
    alone here(R"(schema = 1
[peer]
listen = "192.168.1.20:9191"
token = { env = "SECRET_OF_THE_TEST" }
machine = "den"
drafts = ["small", "two words"]
targets = ["small"]
[backend.small]
plugin = "llamacpp"
model_path = "m.gguf"
[backend."two words"]
plugin = "llamacpp"
model_path = "m.gguf"
)");
    here.variables["SECRET_OF_THE_TEST"] = "it's secret";
    const auto shown = here.run({"invite"});
    INFO(shown.err);
    REQUIRE(shown.code == 0);
    CHECK(shown.out.find("it's secret") == std::string::npos);
    CHECK_THAT(shown.out, ContainsSubstring("[backend.small] # may draft and decide\n") &&
                              ContainsSubstring("[backend.\"two words\"] # may draft\n") &&
                              ContainsSubstring("url = \"tws://192.168.1.20:9191\"\n") &&
                              ContainsSubstring("token = { env = \"TIGHTWAD_PEER_TOKEN\" }") &&
                              ContainsSubstring("--show-token"));
    CHECK_THAT(here.run({"invite", "--show-token"}).out, ContainsSubstring("export TIGHTWAD_PEER_TOKEN='it'\\''s secret'"));

    // Pasted as it is, it is a configuration.
    const auto pasted = here.folder.write("pasted.toml", "schema = 1\n[pipeline.p]\nserves = [\"m\"]\ntarget = \"small\"\n"
                                                         "draft = [\"two words\"]\n" + shown.out);
    const auto drawn = run_tightwad({"graph", "--plugins-dir", TW_BINARY_DIR "/lib/tightwad/plugins", "-c", pasted}, "", here.variables);
    CHECK(drawn.err.empty());
    CHECK_THAT(drawn.out, ContainsSubstring("tws://192.168.1.20:9191"));

    const auto json = nlohmann::json::parse(here.run({"invite", "--json"}).out);
    CHECK(json["machine"] == "den");
    CHECK(json["url"] == "tws://192.168.1.20:9191");
    CHECK(json["fingerprint"].get<std::string>().size() == 64);
    CHECK(json["needs_token"] == true);
    CHECK(json["token"].is_null());
    CHECK(json["only_this_machine"] == false);
    REQUIRE(json["engines"].size() == 2);
    CHECK(json["engines"][0] == nlohmann::json{{"name", "small"}, {"plugin", "llamacpp"}, {"drafts", true}, {"decides", true}});
    CHECK(json["engines"][1]["name"] == "two words");
    CHECK(json["engines"][1]["decides"] == false);
    CHECK(nlohmann::json::parse(here.run({"invite", "--json", "--show-token"}).out)["token"] == "it's secret");
    here.variables.erase("SECRET_OF_THE_TEST");
    CHECK(here.run({"invite", "--show-token"}).code == 2);

    const alone local;
    CHECK_THAT(local.run({"invite"}).out, ContainsSubstring("only this machine can reach") &&
                                              ContainsSubstring("serves no engines") &&
                                              ContainsSubstring("openssl rand -hex 32"));
    CHECK_THAT(run_tightwad({"help", "peer", "invite"}).out, ContainsSubstring("--show-token"));
    CHECK(run_tightwad({"peer"}).code == 2);
}
