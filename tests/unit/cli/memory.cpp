// `tightwad load`, `reclaim` and `tune` on a small model whose pages can be counted.
#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "program.hpp"
#include "unit/plan/gguf_bytes.hpp"

using Catch::Matchers::ContainsSubstring;
using nlohmann::json;
using tw::test::gguf_bytes;
using tw::test::run_tightwad;
using tw::test::scratch_folder;

namespace {

namespace fs = std::filesystem;

const std::string plugins = TW_BINARY_DIR "/lib/tightwad/plugins";

// On the disk of the build: a temporary folder may itself lie in memory.
class model {
  public:
    explicit model(const std::string& name)
        : file_(fs::canonical(TW_BINARY_DIR) / ("test-model-" + std::to_string(::getpid()) + "-" + name + ".gguf")) {
        gguf_bytes header;
        header.word("general.architecture", "llama").u32("llama.block_count", 1).u32("llama.embedding_length", 64);
        header.u32("llama.attention.head_count", 4).words("tokenizer.ggml.tokens", {"a", "b"});
        header.tensor("token_embd.weight", 0, {64, 2}).tensor("blk.0.attn_q.weight", 0, {64, 4096});
        std::ofstream(file_, std::ios::binary) << header.done() << std::string(64 * 4096 * 4 + 4096, '\0');
        const int fd = ::open(file_.c_str(), O_RDONLY);
        ::fsync(fd);
        ::close(fd);
    }
    ~model() {
        std::error_code ignored;
        fs::remove(file_, ignored);
    }
    model(const model&) = delete;
    model& operator=(const model&) = delete;

    [[nodiscard]] std::string path() const { return file_.string(); }
    [[nodiscard]] std::uint64_t bytes() const { return fs::file_size(file_); }

  private:
    fs::path file_;
};

} // namespace

TEST_CASE("load brings a model into memory, reclaim lets it go, and both say how much in bytes") {
    const model file("pages");
    const auto gone = run_tightwad({"reclaim", file.path(), "--json"});
    REQUIRE(gone.code == 0);
    CHECK(json::parse(gone.out)["files"][0]["resident_after"] == 0);

    const auto loaded = run_tightwad({"load", file.path(), "--json"});
    INFO(loaded.out << loaded.err);
    REQUIRE(loaded.code == 0);
    const auto figures = json::parse(loaded.out);
    CHECK(figures["bytes"] == file.bytes());
    CHECK(figures["resident_before"].get<std::uint64_t>() <= 64U << 10U); // where it was looked whether it is a model
    CHECK(figures["resident_after"] == file.bytes());
    CHECK(figures["bytes_per_second"].get<double>() > 0);

    const auto shown = run_tightwad({"reclaim", file.path()});
    CHECK(shown.code == 0);
    CHECK_THAT(shown.out, ContainsSubstring("in memory before: 1.0 MiB (" + std::to_string(file.bytes()) + " bytes)") &&
                              ContainsSubstring("in memory now:    0 B (0 bytes)"));
    CHECK_THAT(run_tightwad({"load", file.path()}).out,
               ContainsSubstring(" GB/s. In memory before: ") && ContainsSubstring(", now: 1.0 MiB"));
}

TEST_CASE("reclaim without a file takes the models of the configuration, or those of a process") {
    const model file("configured");
    const scratch_folder folder;
    const auto config =
        folder.write("c.toml", "schema = 1\n[backend.t]\nplugin = \"llamacpp\"\nmodel_path = \"" + file.path() +
                                   "\"\n[pipeline.p]\nserves = [\"m\"]\ntarget = \"t\"\n");
    const auto all = run_tightwad({"reclaim", "--json", "-c", config, "--plugins-dir", plugins});
    INFO(all.out << all.err);
    REQUIRE(all.code == 0);
    CHECK(json::parse(all.out)["files"].size() == 1);
    CHECK(json::parse(all.out)["files"][0]["file"] == file.path());

    const int held = ::open(file.path().c_str(), O_RDONLY);
    const auto own = run_tightwad({"reclaim", "--json", "--pid", std::to_string(::getpid())});
    ::close(held);
    INFO(own.out << own.err);
    REQUIRE(own.code == 0);
    CHECK(json::parse(own.out)["files"][0]["file"] == file.path());

    const auto none = run_tightwad({"reclaim", "--pid", std::to_string(::getpid())});
    CHECK(none.code == 1);
    CHECK_THAT(none.err, ContainsSubstring("works with no GGUF file"));
    CHECK(run_tightwad({"reclaim", "--port", "1"}).code == 1);
    CHECK(run_tightwad({"reclaim", "--pid", "1", "--port", "1"}).code == 2);
    CHECK(run_tightwad({"reclaim", file.path(), "--pid", "1"}).code == 2);
}

TEST_CASE("a model that does not fit into memory is not read, and what is no model is refused") {
    const model file("larger");
    const auto machine = json::parse(run_tightwad({"tune", "--json"}).out);
    const auto memory = machine["memory"]["total_bytes"].get<std::uint64_t>();
    REQUIRE(memory > 0);
    CHECK(machine["model_bytes"].is_null());
    fs::resize_file(file.path(), 2 * memory); // of holes
    const auto refused = run_tightwad({"load", file.path()});
    CHECK(refused.code == 1);
    CHECK_THAT(refused.err, ContainsSubstring("Nothing was read") && ContainsSubstring("tightwad tune --model"));
    const auto advised = json::parse(run_tightwad({"tune", "--json", "--model", file.path()}).out);
    CHECK(advised["model_bytes"] == 2 * memory);
    CHECK(advised["advice"].size() >= 2);

    const scratch_folder folder;
    const auto text = folder.write("text.gguf", "this is text");
    for (const char* command : {"load", "reclaim"}) {
        const auto wrong = run_tightwad({command, text});
        CHECK(wrong.code == 1);
        CHECK_THAT(wrong.err, ContainsSubstring("does not begin with the bytes GGUF"));
    }
    CHECK(run_tightwad({"tune", "--model", text}).code == 1);
    CHECK(run_tightwad({"load"}).code == 2);
}

TEST_CASE("tune shows the machine and changes nothing") {
    const auto shown = run_tightwad({"tune"});
    CHECK(shown.code == 0);
    CHECK_THAT(shown.out, ContainsSubstring("memory ") && ContainsSubstring("swap "));
    CHECK_THAT(run_tightwad({"tune", "--help"}).out, ContainsSubstring("changes nothing"));
    CHECK_THAT(run_tightwad({"reclaim", "--help"}).out, ContainsSubstring("still maps stays"));
}
