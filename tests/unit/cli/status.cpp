// `tightwad status` of an endpoint with pools, which a scripted server plays.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <string>

#include "program.hpp"
#include "support/scripted_server.hpp"

using namespace tw::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string status_of(const std::string& pipelines) {
    const scripted_server endpoint({replies(200, R"({"server":{"version":"1","uptime_s":3},"pipelines":[)" + pipelines + "]}")});
    const scratch_folder folder;
    const auto file = folder.write("c.toml", "schema = 1\n[server]\nlisten = \"127.0.0.1:" + std::to_string(endpoint.port()) +
                                                 "\"\n[backend.t]\nplugin = \"x\"\n[pipeline.p]\nserves = [\"m\"]\ntarget = \"t\"\n");
    const auto said = run_tightwad({"status", "-c", file}, "", {{"TIGHTWAD_STATE", folder.path().string()}});
    CHECK(said.code == 0);
    CHECK(said.err.empty());
    return said.out;
}

} // namespace

TEST_CASE("a pool that is up is shown with its workers, its output layer and the slots of its process") {
    const auto shown = status_of(R"({"name":"chat","serves":["large"],"target":{"model":"large"},
        "remote":{"pipeline":{"slots":{"total":4,"active":1,"queued":2},"stats":{"drafted":10,"accepted":7,"tokens_per_round":2.5}}},
        "pool":{"name":"den","state":"up","why":null,"pid":4711,"starts":1,"progress":1,"output":"last-worker","warnings":["Two builds."],"workers":[
          {"name":"10.0.0.1:50052","device":"CUDA0","protected":true},{"name":"10.0.0.2:50052","device":null,"protected":false}]}})");
    CHECK_THAT(shown, ContainsSubstring("1/4") && ContainsSubstring("2.50"));
    CHECK_THAT(shown, ContainsSubstring("pool den of chat: up, process 4711, output layer on the last worker\n"
                                        "  worker 10.0.0.1:50052 on CUDA0\n  worker 10.0.0.2:50052, reached without protection\n"
                                        "  warning: Two builds.\n"));
}

TEST_CASE("a pool that is down says why, and figures that nobody knows are no zeros") {
    const auto shown = status_of(R"({"name":"chat","serves":["large"],"replicas":[{"name":"a","status":{}},{"name":"b","status":{
        "pool":{"name":"den","state":"down","why":"No rpc-server answers at 10.0.0.1:50052.","starts":3,"workers":[]}}}]},
        {"name":"other","serves":["o"],"pool":{"name":"attic","state":"starting","progress":0.4,"workers":[]}},
        {"name":"held","serves":["h"],"pool":{"name":"cellar","state":"up","pid":7,"server":"/bin/llama-server","workers":[]}},
        {"name":"odd","pool":7})");
    CHECK_THAT(shown, ContainsSubstring("pool den of chat: down, started 3 times: No rpc-server answers at 10.0.0.1:50052.\n"));
    CHECK_THAT(shown, ContainsSubstring("pool attic of other: starting, 40 % of the model is loaded\n"));
    CHECK_THAT(shown, ContainsSubstring("pool cellar of held: up, process 7, held by /bin/llama-server\n"));
    CHECK_THAT(shown, ContainsSubstring("-/-") && !ContainsSubstring("0/0"));
}
