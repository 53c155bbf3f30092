// `tightwad plan` where nobody answers; tests/live/plan.mjs has machines that do.
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "program.hpp"
#include "unit/plan/gguf_bytes.hpp"

using Catch::Matchers::ContainsSubstring;
using tw::test::write_two_layers;
using tw::test::run_tightwad;
using tw::test::scratch_folder;

namespace {

std::string config_with(const scratch_folder& here, const std::string& workers) {
    return here.write("plan.toml", "schema = 1\n[backend.b]\nplugin = \"llamacpp\"\nmodel_path = \"m.gguf\"\nslots = 1\n" +
                                       std::string(workers.empty() ? "" : "pool = \"den\"\n[pool.den]\nplugin = "
                                                                          "\"rpc-coordinator\"\nworkers = " + workers + "\n") +
                                       "[pipeline.chat]\nserves = [\"m\"]\ntarget = \"b\"\n");
}

} // namespace

TEST_CASE("without a pool the plan is this machine, whose speed is a bound") {
    const scratch_folder here;
    write_two_layers(here.path() / "m.gguf");
    const auto config = config_with(here, "");
    const auto json = run_tightwad({"plan", "-c", config, "--json"});
    INFO(json.out << json.err);
    REQUIRE(json.code == 0);
    const auto out = nlohmann::json::parse(json.out);
    CHECK(out["context"] == 128);
    CHECK(out["slots"] == 1);
    REQUIRE(out["ways"].size() == 1);
    CHECK(out["ways"][0]["kind"] == "solo");
    CHECK(out["ways"][0]["only_a_bound"] == true);
    CHECK(out["ways"][0]["tokens_per_s"].get<double>() > 0);
    CHECK(out["refused"].is_null());
    const auto shown = run_tightwad({"plan", "-c", config});
    CHECK_THAT(shown.out, ContainsSubstring("Recommended: this machine alone, at most "));
}

TEST_CASE("a worker that is not there is named, and the plan says what is known all the same") {
    const scratch_folder here;
    write_two_layers(here.path() / "m.gguf");
    const auto config = config_with(here, "[ { host = \"127.0.0.1\", rpc_port = 1, vram = \"1MB\" }, "
                                          "{ url = \"tw://127.0.0.1:2\", vram = \"1MB\" } ]");
    const auto shown = run_tightwad({"plan", "-c", config});
    CHECK(shown.code == 1);
    CHECK_THAT(shown.out, ContainsSubstring("127.0.0.1:1 is not measured: No rpc-server answers at 127.0.0.1:1"));
    CHECK_THAT(shown.out, ContainsSubstring("No Tightwad peer answers at tw://127.0.0.1:2"));
    CHECK_THAT(shown.out, ContainsSubstring("0-1")); // the layers of the first worker
    CHECK_THAT(shown.err, ContainsSubstring("The pool den has no speed: No rpc-server answers"));
}

TEST_CASE("what a plan cannot be made for is one sentence") {
    const scratch_folder here;
    write_two_layers(here.path() / "m.gguf");
    const auto config = config_with(here, "");
    const auto unknown = run_tightwad({"plan", "-c", config, "--pipeline", "chatt"});
    CHECK(unknown.code == 2);
    CHECK_THAT(unknown.err, ContainsSubstring("did you mean \"chat\"?"));
    CHECK(run_tightwad({"plan", "-c", config, "--acceptance", "1.5"}).code == 2);
    CHECK(run_tightwad({"plan", "-c", config, "--model", (here.path() / "none.gguf").string()}).code == 2);
}
