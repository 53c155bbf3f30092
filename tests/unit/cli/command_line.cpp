// What the program says and how it ends, without a model.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "program.hpp"

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using tw::test::run_tightwad;
using tw::test::scratch_folder;

namespace {

const std::string plugins = TW_BINARY_DIR "/lib/tightwad/plugins";
const std::string source = TW_SOURCE_DIR;

} // namespace

TEST_CASE("help teaches, the version is one line, and nonsense is a usage error") {
    const auto help = run_tightwad({"--help"});
    CHECK(help.code == 0);
    CHECK_THAT(help.out, ContainsSubstring("tightwad serve -c configs/demo.toml"));
    CHECK_THAT(help.out, ContainsSubstring("Exit codes"));
    CHECK_THAT(run_tightwad({"--version"}).out, StartsWith("tightwad 0."));
    CHECK(run_tightwad({}).code == 2);
    CHECK(run_tightwad({"sevre"}).code == 2);
    CHECK(run_tightwad({"chat", "--temperature", "7"}).code == 2);
    CHECK(run_tightwad({"proxy"}).code == 2);
    CHECK_THAT(run_tightwad({"help", "proxy", "stop"}).out, ContainsSubstring("running answers"));
    CHECK(run_tightwad({"help", "cooking"}).code == 2);
}

TEST_CASE("a pipe gets no colours") {
    const auto listed = run_tightwad({"--plugins-dir", plugins, "plugins"});
    CHECK(listed.code == 0);
    CHECK(listed.out.find('\033') == std::string::npos);
}

TEST_CASE("plugins lists what was found, and where it looked when nothing was") {
    CHECK_THAT(run_tightwad({"--plugins-dir", plugins, "plugins"}).out, ContainsSubstring("llamacpp"));
    const auto json = nlohmann::json::parse(run_tightwad({"plugins", "--json", "--plugins-dir", plugins}).out);
    REQUIRE_FALSE(json["plugins"].empty());
    CHECK(json["plugins"][0]["sha256"].get<std::string>().size() == 64);
    const scratch_folder empty;
    const auto none = run_tightwad({"plugins", "--plugins-dir", empty.path().string()});
    CHECK_THAT(none.out, ContainsSubstring("No plugins were found") && ContainsSubstring(empty.path().string()));
}

TEST_CASE("a plugin's keys are printed from the plugin itself") {
    const auto shown = run_tightwad({"--plugins-dir", plugins, "help", "backend", "llamacpp"});
    CHECK(shown.code == 0);
    for (const char* key : {"model_path", "context", "slots", "threads", "gpu_layers", "cache"})
        CHECK_THAT(shown.out, ContainsSubstring(key));
    const auto wrong = run_tightwad({"--plugins-dir", plugins, "help", "backend", "llamacp"});
    CHECK(wrong.code == 2);
    CHECK_THAT(wrong.err, ContainsSubstring("llamacpp"));
}

TEST_CASE("every mistake of a configuration is told at once, by check and by serve, and nothing starts") {
    const scratch_folder folder;
    const auto file = folder.write("bad.toml", "schema = 1\n"
                                               "[server]\nlisen = \"127.0.0.1:1\"\n"
                                               "[backend.target]\nplugin = \"llamacpp\"\n"
                                               "[pipeline.chat]\nserves = [\"m\"]\ntarget = \"tarket\"\n");
    for (const char* command : {"check", "serve", "graph"}) {
        const auto refused = run_tightwad({command, "--plugins-dir", plugins, "-c", file}, "",
                                          {{"TIGHTWAD_STATE", folder.path().string()}});
        CHECK(refused.code == 2);
        CHECK(refused.out.empty());
        CHECK_THAT(refused.err,
                   ContainsSubstring("bad.toml:3:1: error: [server] has no key \"lisen\"; did you mean "
                                     "\"listen\"?") &&
                       ContainsSubstring("bad.toml:4:1: error: [backend.target] needs \"model_path\"") &&
                       ContainsSubstring("did you mean \"target\"?") && ContainsSubstring("3 mistakes"));
    }
    const auto json = nlohmann::json::parse(
        run_tightwad({"check", "--json", "--plugins-dir", plugins, "-c", file}).out);
    CHECK(json["ok"] == false);
    CHECK(json["mistakes"].size() == 3);
    CHECK(json["mistakes"][0]["line"] == 3);
}

TEST_CASE("a link without encryption to another machine is a warning, to this one it is none") {
    const scratch_folder folder;
    const auto check = [&](const std::string& url, std::vector<std::string> more = {}) {
        const auto file = folder.write("far.toml", "schema = 1\n[backend.t]\nplugin = \"llamacpp\"\nurl = \"" + url +
                                                       "\"\nmodel = \"m\"\n[pipeline.p]\nserves = [\"m\"]\ntarget = \"t\"\n");
        more.insert(more.begin(), {"check", "--plugins-dir", plugins, "-c", file});
        return run_tightwad(more);
    };
    const auto far = check("tw://192.168.1.20");
    CHECK(far.code == 0);
    CHECK_THAT(far.err, ContainsSubstring("far.toml:2:1: warning: Backend 't' is reached at tw://192.168.1.20:9191 without "
                                          "encryption") && ContainsSubstring("tws://") && ContainsSubstring("peer invite"));
    const auto json = nlohmann::json::parse(check("tw://192.168.1.20", {"--json"}).out);
    CHECK(json["ok"] == true);
    CHECK(json["warnings"].size() == 1);
    CHECK(json["warnings"][0]["line"] == 2);
    for (const char* here : {"tw://127.0.0.1", "tw://localhost:9191", "tw://[::1]"}) {
        const auto near = check(here);
        CHECK(near.code == 0);
        CHECK(near.err.empty());
    }
}

TEST_CASE("workers that others can listen to are refused, or warned of where the pool insists") {
    const scratch_folder folder;
    const auto check = [&](const std::string& worker, const char* insecure) {
        const auto file = folder.write("pool.toml", std::string("schema = 1\n[pool.den]\nplugin = \"rpc-coordinator\"\ninsecure = ") +
                                                        insecure + "\nworkers = [ " + worker + " ]\n[backend.t]\nplugin = \"llamacpp\"\n"
                                                        "url = \"tw://127.0.0.1\"\n[pipeline.p]\nserves = [\"m\"]\ntarget = \"t\"\n");
        return run_tightwad({"check", "--plugins-dir", plugins, "-c", file});
    };
    for (const auto& [worker, said] : {std::pair(R"({ url = "tw://192.168.1.20" })", "reached at tw://192.168.1.20:9191 without encryption"),
                                       {R"({ host = "192.168.1.20" })", "is an rpc-server in the open"}}) {
        const auto refused = check(worker, "false");
        CHECK(refused.code == 2);
        CHECK_THAT(refused.err, ContainsSubstring("or say insecure = true in [pool.den]"));
        const auto warned = check(worker, "true");
        CHECK(warned.code == 0);
        CHECK_THAT(warned.err, ContainsSubstring("pool.toml:5:13: warning: Worker '192.168.1.20:50052' of pool 'den'") &&
                                   ContainsSubstring(said));
    }
    CHECK(check(R"({ url = "tw://127.0.0.1" }, { host = "127.0.0.1", rpc_port = 50053 })", "false").err.empty());
}

TEST_CASE("a configuration that is not there is never replaced by another") {
    const auto gone = run_tightwad({"check", "-c", "/nowhere/gone.toml"});
    CHECK(gone.code == 2);
    CHECK(gone.err == "error: The configuration file /nowhere/gone.toml (given with -c) is not there.\n");
}

TEST_CASE("a model file that is missing, cut short or not GGUF is found before anything starts") {
    const scratch_folder folder;
    const auto ask = [&](const std::string& model) {
        const auto file = folder.write("m.toml", "schema = 1\n[backend.t]\nplugin = \"llamacpp\"\nmodel_path = \"" +
                                                     model + "\"\n[pipeline.p]\nserves = [\"m\"]\ntarget = \"t\"\n");
        const auto refused = run_tightwad({"serve", "--plugins-dir", plugins, "-c", file}, "",
                                          {{"TIGHTWAD_STATE", folder.path().string()}});
        CHECK(refused.code == 2);
        return refused.err;
    };
    CHECK_THAT(ask("gone.gguf"), ContainsSubstring("m.toml:2:1: error:") && ContainsSubstring("gone.gguf"));
    static_cast<void>(folder.write("text.gguf", "this is no model"));
    CHECK_THAT(ask("text.gguf"), ContainsSubstring("GGUF"));
    static_cast<void>(folder.write("cut.gguf", std::string("GGUF\3\0\0\0\7", 9)));
    CHECK_THAT(ask("cut.gguf"), ContainsSubstring("cut.gguf"));
}

TEST_CASE("every configuration and sample of the repository is accepted and can be drawn") {
    namespace fs = std::filesystem;
    std::vector<fs::path> files;
    for (const auto& one : fs::directory_iterator(source + "/configs")) files.push_back(one.path());
    for (const auto& one : fs::directory_iterator(source + "/plugins"))
        if (fs::exists(one.path() / "sample.toml")) files.push_back(one.path() / "sample.toml");
    REQUIRE(files.size() >= 3);
    const scratch_folder examples; // the echo plugin alone: its neighbours are bad on purpose
    fs::copy_file(TW_BINARY_DIR "/tests/plugins/echo.so", examples.path() / "echo.so");
    for (const auto& file : files) {
        INFO(file.string());
        const auto drawn = run_tightwad({"graph", "--plugins-dir", plugins, "--plugins-dir",
                                         examples.path().string(), "-c", file.string()});
        CHECK(drawn.err.empty());
        CHECK(drawn.code == 0);
        CHECK_THAT(drawn.out, StartsWith("digraph tightwad {") && ContainsSubstring("decides"));
    }
}

TEST_CASE("who asks an endpoint that does not run is told how to start one") {
    const scratch_folder folder;
    const auto file = folder.write("c.toml", "schema = 1\n[server]\nlisten = \"127.0.0.1:1\"\n[backend.t]\n"
                                             "plugin = \"x\"\n[pipeline.p]\nserves = [\"m\"]\ntarget = \"t\"\n");
    const std::map<std::string, std::string> state{{"TIGHTWAD_STATE", folder.path().string()}};
    const auto sentence = "error: No Tightwad endpoint answers at http://127.0.0.1:1; start one with "
                          "`tightwad serve`.\n";
    const auto asked = run_tightwad({"chat", "-c", file}, "Hello?\n", state);
    CHECK(asked.code == 1);
    CHECK(asked.err == sentence);
    CHECK(run_tightwad({"proxy", "status", "-c", file}, "", state).err == sentence);
    CHECK(run_tightwad({"chat", "-c", file}, "", state).code == 2);
    const auto stopped = run_tightwad({"proxy", "stop", "-c", file}, "", state);
    CHECK(stopped.code == 0);
    CHECK(stopped.out == "No endpoint is running on port 1.\n");
}
