// `tightwad inspect`: a model's needs for people and for programs, and who of a pool would hold what.
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "program.hpp"
#include "unit/plan/gguf_bytes.hpp"

using Catch::Matchers::ContainsSubstring;
using tw::test::gguf_bytes;
using tw::test::run_tightwad;
using tw::test::scratch_folder;

namespace {

const std::string plugins = TW_BINARY_DIR "/lib/tightwad/plugins";

std::string small_model() {
    gguf_bytes out;
    out.word("general.architecture", "llama").word("general.name", "Small").u32("llama.block_count", 3);
    out.u32("llama.context_length", 2048).u32("llama.embedding_length", 64).u32("llama.attention.head_count", 4);
    out.words("tokenizer.ggml.tokens", {"a", "b"}).tensor("token_embd.weight", 0, {64, 2});
    for (int i = 0; i < 3; ++i) out.tensor("blk." + std::to_string(i) + ".attn_q.weight", 0, {64, 64});
    return out.done() + std::string(64 * 64 * 4 + 64, '\0');
}

} // namespace

TEST_CASE("inspect says what a model needs, and which worker of a pool would hold which layers") {
    const scratch_folder here;
    const auto file = (here.path() / "small.gguf").string();
    std::ofstream(file, std::ios::binary) << small_model();
    const auto shown = run_tightwad({"inspect", file, "--context", "100", "--slots", "2"});
    CHECK(shown.code == 0);
    CHECK_THAT(shown.out, ContainsSubstring("Small, llama, 3 layers, vocabulary 2"));
    CHECK_THAT(shown.out, ContainsSubstring("cache of 2 x 100 tokens: 150 KiB"));
    CHECK_THAT(shown.out, ContainsSubstring("0-2"));

    const auto config = (here.path() / "pool.toml").string();
    std::ofstream(config) << "schema = 1\n[backend.b]\nplugin = \"llamacpp\"\nmodel_path = \"small.gguf\"\npool = \"den\"\n"
                             "[pool.den]\nplugin = \"rpc-coordinator\"\ninsecure = true\nworkers = [ { host = \"10.0.0.1\", "
                             "vram = \"100KB\" }, { host = \"10.0.0.2\", vram = \"100KB\" } ]\n"
                             "[pipeline.p]\nserves = [\"m\"]\ntarget = \"b\"\n";
    const auto json = run_tightwad({"-c", config, "inspect", file, "--plan", "--json", "--context", "100", "--plugins-dir", plugins});
    INFO(json.out << json.err);
    REQUIRE(json.code == 0);
    const auto out = nlohmann::json::parse(json.out);
    CHECK(out["layers"].size() == 3);
    CHECK(out["weight_bytes"] == 3 * 64 * 64 * 4 + 64 * 2 * 4);
    CHECK(out["cache_bytes"] == 3 * 2 * 64 * 2 * 100);
    REQUIRE(out["plans"].size() == 2);
    CHECK(out["plans"][0]["name"] == "this machine");
    CHECK(out["plans"][0]["shares"][0]["fits"] == true);
    const auto& shares = out["plans"][1]["shares"];
    REQUIRE(shares.size() == 3);
    CHECK(shares[0]["name"] == "10.0.0.1:50052");
    CHECK(shares[0]["layers"] == 2);
    CHECK(shares[1]["layers"] == 1);
    CHECK(shares[1]["output"] == false);
    CHECK(shares[2]["name"] == "this machine");
    CHECK(shares[2]["layers"] == 0);
    CHECK(shares[2]["output"] == true);
}

TEST_CASE("a plan divides by the tensor_split of the backend that holds the file, and says what is wrong with the configuration") {
    const scratch_folder here;
    const auto file = (here.path() / "small.gguf").string();
    std::ofstream(file, std::ios::binary) << small_model();
    const auto plan = [&](const std::string& more, const std::string& rest = "") {
        const auto config = here.write("pool.toml", "schema = 1\n[backend.b]\nplugin = \"llamacpp\"\nmodel_path = \"small.gguf\"\npool = \"den\"\n" + more +
                                                        "[pool.den]\nplugin = \"rpc-coordinator\"\nworkers = [ { host = \"127.0.0.1\", vram = \"100KB\" }, "
                                                        "{ host = \"127.0.0.1\", rpc_port = 50053, vram = \"100KB\" } ]\n"
                                                        "[pipeline.p]\nserves = [\"m\"]\ntarget = \"b\"\n" + rest);
        return run_tightwad({"-c", config, "inspect", file, "--plan", "--json", "--plugins-dir", plugins});
    };
    const auto split = plan("tensor_split = \"0,1\"\n");
    REQUIRE(split.code == 0);
    CHECK(nlohmann::json::parse(split.out)["plans"][1]["shares"][1]["layers"] == 3);
    const auto wrong = plan("", "no_such_key = 1\n");
    CHECK(wrong.code == 2);
    CHECK_THAT(wrong.err, ContainsSubstring("no_such_key"));
    CHECK(wrong.out.empty());
    CHECK(run_tightwad({"-c", (here.path() / "none.toml").string(), "inspect", file, "--plan"}).code == 2);
}

TEST_CASE("inspect refuses what is no model in one sentence") {
    const scratch_folder here;
    const auto file = (here.path() / "text.gguf").string();
    std::ofstream(file) << "this is text";
    const auto wrong = run_tightwad({"inspect", file});
    CHECK(wrong.code == 1);
    CHECK_THAT(wrong.err, ContainsSubstring("does not begin with the bytes GGUF"));
    CHECK(run_tightwad({"inspect", (here.path() / "none.gguf").string()}).code == 1);
    CHECK(run_tightwad({"inspect"}).code == 2);
}
