// `tightwad swap` without an endpoint: whose model is meant. The rest is tried in tests/live/swap.mjs.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "program.hpp"

using namespace tw::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string pipeline(const std::string& name, const std::string& pool) {
    return "[backend.of-" + name + "]\nplugin = \"llamacpp\"\nmodel_path = \"/nowhere.gguf\"\n" +
           (pool.empty() ? "" : "pool = \"" + pool + "\"\n") + "[pipeline." + name + "]\nserves = [\"" + name +
           "\"]\ntarget = \"of-" + name + "\"\n";
}

const std::string pool = "[pool.den]\nplugin = \"rpc-coordinator\"\nworkers = [ { host = \"127.0.0.1\" } ]\n";

ran swap(const std::string& rest, std::vector<std::string> words = {}) {
    const scratch_folder folder;
    const auto file = folder.write("c.toml", "schema = 1\n[server]\nlisten = \"127.0.0.1:1\"\n" + rest);
    words.insert(words.begin(), {"swap", "large", "-c", file});
    return run_tightwad(words, "", {{"TIGHTWAD_STATE", folder.path().string()}});
}

} // namespace

TEST_CASE("a swap is of the only pipeline over a pool, or of the one that is named") {
    CHECK_THAT(swap(pipeline("a", "den") + pipeline("b", "") + pool).err, ContainsSubstring("start one with `tightwad serve`"));

    const auto none = swap(pipeline("b", ""));
    CHECK(none.code == 2);
    CHECK_THAT(none.err, ContainsSubstring("No pipeline of") && ContainsSubstring("lies over a pool"));

    const auto two = pipeline("a", "den") + pipeline("b", "attic") + pool +
                     "[pool.attic]\nplugin = \"rpc-coordinator\"\nworkers = [ { host = \"127.0.0.1\", rpc_port = 50053 } ]\n";
    const auto several = swap(two);
    CHECK(several.code == 2);
    CHECK_THAT(several.err, ContainsSubstring("say which by --pipeline: a, b."));
    CHECK(swap(two, {"--pipeline", "b"}).code == 1); // nobody answers there

    CHECK(run_tightwad({"swap"}).code == 2);
    CHECK_THAT(run_tightwad({"help", "swap"}).out, ContainsSubstring("the workers stay") && ContainsSubstring("--pipeline"));
}
