// `tightwad config import`: what it writes passes `tightwad check` where the model files are there.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "program.hpp"
#include "unit/plan/gguf_bytes.hpp"

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using tw::test::gguf_bytes;
using tw::test::run_tightwad;
using tw::test::scratch_folder;

namespace {

namespace fs = std::filesystem;

const std::string plugins = TW_BINARY_DIR "/lib/tightwad/plugins";
const fs::path goldens = fs::path(TW_SOURCE_DIR) / "tests/golden/import";

std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string a_model() {
    gguf_bytes out;
    out.word("general.architecture", "llama").tensor("token_embd.weight", 0, {64, 2});
    return out.done() + std::string(64 * 2 * 4 + 64, '\0');
}

} // namespace

TEST_CASE("what is imported passes check where the model files are there") {
    for (const auto& entry : fs::directory_iterator(goldens)) {
        if (entry.path().extension() != ".toml") continue;
        INFO(entry.path().filename().string());
        const scratch_folder folder;
        const auto models = folder.path().string() + "/models/";
        const auto yaml = slurp(fs::path(entry.path()).replace_extension(".yaml"));
        const auto source = folder.write("cluster.yaml", std::regex_replace(yaml, std::regex("/models/"), models));
        const auto target = (folder.path() / "tightwad.toml").string();
        const auto made = run_tightwad({"config", "import", source, "-o", target});
        REQUIRE(made.code == 0);
        CHECK_THAT(made.out, StartsWith("Written: "));
        const auto toml = slurp(target);
        const std::regex path("model_path = \"([^\"]*)\"");
        for (auto found = std::sregex_iterator(toml.begin(), toml.end(), path); found != std::sregex_iterator();
             ++found) {
            const auto file = folder.path() / (*found)[1].str();
            fs::create_directories(file.parent_path());
            std::ofstream(file, std::ios::binary) << a_model();
        }
        const auto checked = run_tightwad({"check", "--plugins-dir", plugins, "-c", target});
        INFO(toml << checked.err);
        CHECK(checked.code == 0);
    }
}

TEST_CASE("the configuration goes to stdout, the differences to stderr, one a line, or both into JSON") {
    const scratch_folder folder;
    const auto source = folder.write("cluster.yaml", slurp(goldens / "two-ollamas.yaml"));
    const auto made = run_tightwad({"config", "import", source});
    CHECK(made.code == 0);
    CHECK(made.out == slurp(goldens / "two-ollamas.toml"));
    CHECK_THAT(made.err, ContainsSubstring(source + ":") && ContainsSubstring(": no counterpart: proxy.draft: "));
    const auto json = run_tightwad({"config", "import", source, "--json"});
    CHECK(json.code == 0);
    CHECK(json.err.empty());
    const auto said = nlohmann::json::parse(json.out);
    CHECK(said["toml"] == made.out);
    CHECK(said["written"].is_null());
    std::size_t lines = 0;
    for (const char c : made.err)
        lines += c == '\n' ? 1 : 0;
    CHECK(said["differences"].size() == lines);
    CHECK(said["differences"][0]["line"].get<int>() > 0);
}

TEST_CASE("a file that is there is left alone, and what cannot be imported is one sentence and exit code 2") {
    const scratch_folder folder;
    const auto source = folder.write("cluster.yaml", slurp(goldens / "two-ollamas.yaml"));
    const auto precious = folder.write("tightwad.toml", "mine");
    const auto kept = run_tightwad({"config", "import", source, "-o", precious});
    CHECK(kept.code == 1);
    CHECK_THAT(kept.err, ContainsSubstring("is there already, and was left alone"));
    CHECK(slurp(precious) == "mine");
    CHECK(run_tightwad({"config", "import", source, "-o", (folder.path() / "no/such/folder.toml").string()}).code == 1);

    CHECK(run_tightwad({"config", "import", (folder.path() / "none.yaml").string()}).code == 2);
    CHECK(run_tightwad({"config", "import", folder.path().string()}).code == 2);
    const auto wrong = run_tightwad({"config", "import", (goldens / "not-yaml.yaml").string()});
    CHECK(wrong.code == 2);
    CHECK(wrong.out.empty());
    CHECK_THAT(wrong.err, ContainsSubstring("not-yaml.yaml:2:") && ContainsSubstring("error: This is not YAML"));
    const auto said = run_tightwad({"config", "import", "--json", (goldens / "not-yaml.yaml").string()});
    CHECK(said.code == 2);
    CHECK(nlohmann::json::parse(said.out)["toml"].is_null());
    CHECK(nlohmann::json::parse(said.out)["mistakes"][0]["line"] == 2);
    const auto large = folder.write("large.yaml", std::string(300000, '#'));
    CHECK_THAT(run_tightwad({"config", "import", large}).err, ContainsSubstring("larger than 256 KiB"));
    CHECK(run_tightwad({"config", "import"}).code == 2);
    CHECK(run_tightwad({"config"}).code == 2);
}
