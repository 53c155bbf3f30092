// `tightwad doctor`: every check is a line, and one that fails is the exit code.
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "program.hpp"
#include "support/scripted_server.hpp"
#include "unit/plan/gguf_bytes.hpp"

using Catch::Matchers::ContainsSubstring;
using namespace tw::test;

namespace {

struct examined {
    int code = -1;
    nlohmann::json all;

    // "fail: why" of one check; empty where it was not made.
    [[nodiscard]] std::string of(const std::string& what) const {
        for (const auto& one : all.value("checks", nlohmann::json::array()))
            if (one["what"] == what) return one["verdict"].get<std::string>() + ": " + one["says"].get<std::string>();
        return {};
    }
};

examined examine(const scratch_folder& here, const std::string& text) {
    const auto file = here.write("c.toml", "schema = 1\n" + text);
    const auto said = run_tightwad({"doctor", "--json", "-c", file}, "", {{"TIGHTWAD_STATE", here.path().string()}});
    INFO(said.out << said.err);
    examined out{said.code, nlohmann::json::parse(said.out, nullptr, false)};
    REQUIRE(out.all.is_object());
    CHECK(out.all["passed"] == (said.code == 0));
    return out;
}

const std::string local = "[backend.b]\nplugin = \"llamacpp\"\nmodel_path = \"m.gguf\"\nslots = 1\n";
const std::string pipeline = "[pipeline.chat]\nserves = [\"m\"]\ntarget = \"b\"\n";

} // namespace

TEST_CASE("a configuration with all it needs passes, and what does not run is no fault") {
    const scratch_folder here;
    write_two_layers(here.path() / "m.gguf");
    const auto found = examine(here, local + pipeline);
    CHECK(found.code == 0);
    CHECK_THAT(found.of("configuration"), ContainsSubstring("ok: ") && ContainsSubstring("c.toml"));
    CHECK_THAT(found.of("model b"), ContainsSubstring("ok: ") && ContainsSubstring("2 layers"));
    CHECK_THAT(found.of("memory"), ContainsSubstring("ok: "));
    CHECK_THAT(found.of("endpoint"), ContainsSubstring("skip: ") && ContainsSubstring("`tightwad start`"));

    const auto shown = run_tightwad({"doctor", "-c", (here.path() / "c.toml").string()}, "", {{"TIGHTWAD_STATE", here.path().string()}});
    CHECK(shown.code == 0);
    CHECK_THAT(shown.out, ContainsSubstring("\nok    model b") && ContainsSubstring("0 failed, 0 to look at"));
}

TEST_CASE("a model that is not there, and a file with a mistake, are failures") {
    const scratch_folder here;
    const auto found = examine(here, local + pipeline);
    CHECK(found.code == 1);
    CHECK_THAT(found.of("model b"), ContainsSubstring("fail: ") && ContainsSubstring("m.gguf"));

    const auto wrong = examine(here, local + "slotz = 2\n" + pipeline);
    CHECK(wrong.code == 1);
    CHECK_THAT(wrong.of("configuration"), ContainsSubstring("fail: ") && ContainsSubstring("c.toml:6:1") && ContainsSubstring("slots"));
}

TEST_CASE("of a pool it is said who would hold what, where the output layer lies, and which worker is missing") {
    const scratch_folder here;
    write_two_layers(here.path() / "m.gguf");
    const auto pool = [](const std::string& vram, const std::string& more) {
        return "pool = \"den\"\n[pool.den]\nplugin = \"rpc-coordinator\"\n" + more + "workers = [ { host = \"127.0.0.1\", rpc_port = 1" + vram +
               " }, { url = \"tw://127.0.0.1:2\"" + vram + " } ]\n";
    };
    const auto found = examine(here, local + pool(", vram = \"1MB\"", "") + pipeline);
    CHECK(found.code == 1);
    CHECK_THAT(found.of("pool den for b"), ContainsSubstring("ok: output layer on this machine; 127.0.0.1:1: 0-1") &&
                                               ContainsSubstring("this machine: output"));
    CHECK_THAT(found.of("worker 127.0.0.1:1"), ContainsSubstring("fail: No rpc-server answers at 127.0.0.1:1"));
    CHECK_THAT(found.of("worker 127.0.0.1:50052"), ContainsSubstring("fail: No Tightwad peer answers at tw://127.0.0.1:2"));

    const auto tight = examine(here, local + pool(", vram = \"1KB\"", "") + pipeline);
    CHECK_THAT(tight.of("pool den for b"), ContainsSubstring("fail: \"b\" does not fit the pool \"den\""));
    const auto open = examine(here, local + pool("", "output = \"last-worker\"\n") + pipeline);
    CHECK_THAT(open.of("pool den for b"), ContainsSubstring("ok: output layer on the last worker; the free memory of each worker"));
}

TEST_CASE("a server is asked how it is, and a peer what it serves") {
    const scratch_folder here;
    const auto at = [](const std::string& url) {
        return "[backend.b]\nplugin = \"llamacpp\"\nurl = \"" + url + "\"\nmodel = \"m\"\n" + pipeline;
    };
    const scripted_server server({replies(200, R"({"status":"ok"})")});
    CHECK_THAT(examine(here, at("http://127.0.0.1:" + std::to_string(server.port()))).of("backend b"), ContainsSubstring("ok: its server answers") && !ContainsSubstring("slot"));
    const scripted_server busy({replies(200, "{}"), replies(200, R"({"status":"ok"})"),
                                replies(200, R"([{"is_processing":true},{"is_processing":false}])")});
    CHECK_THAT(examine(here, at("http://127.0.0.1:" + std::to_string(busy.port()))).of("backend b"),
               ContainsSubstring("ok: its server answers; 1 of its 2 slots are busy"));
    const auto gone = examine(here, at("http://127.0.0.1:1"));
    CHECK(gone.code == 1);
    CHECK_THAT(gone.of("backend b"), ContainsSubstring("fail: ") && ContainsSubstring("127.0.0.1:1"));
    const auto peer = examine(here, at("tw://127.0.0.1:2"));
    CHECK_THAT(peer.of("backend b"), ContainsSubstring("fail: No Tightwad peer answers at tw://127.0.0.1:2"));
}
