// Every wrong file under tests/golden/config gives exactly the sentences beside it.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <catch2/catch_test_macros.hpp>

#include "lookup.hpp"
#include "support/scratch_folder.hpp"

namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

TEST_CASE("each wrong configuration is answered with every mistake, its place and a remedy") {
    const fs::path folder = fs::path(TW_SOURCE_DIR) / "tests/golden/config";
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder))
        if (entry.path().extension() == ".toml") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    REQUIRE(files.size() >= 10);
    for (const auto& file : files) {
        INFO(file.filename().string());
        const auto loaded = tw::test::parse_text(slurp(file), file.filename().string());
        REQUIRE(loaded.has_error());
        std::string printed;
        for (const auto& mistake : loaded.error()) printed += to_string(mistake) + "\n";
        auto golden = file;
        golden.replace_extension(".txt");
        if (std::getenv("TIGHTWAD_UPDATE_GOLDEN") != nullptr) std::ofstream(golden) << printed;
        CHECK(printed == slurp(golden));
    }
}

TEST_CASE("a file that is not there, a folder and a file of more than 1 MiB are each one sentence") {
    const tw::test::scratch_folder folder;
    const auto first = [](const fs::path& file) {
        const auto loaded = tw::load(file, tw::test::options_of);
        REQUIRE(loaded.has_error());
        REQUIRE(loaded.error().size() == 1);
        return loaded.error().front().message;
    };
    CHECK(first(folder.path() / "none.toml").ends_with("none.toml is not there."));
    CHECK(first(folder.path()).ends_with("is a folder, not a configuration file."));
    CHECK(first(folder.write("large.toml", std::string((1U << 20U) + 1, '#'))).ends_with("large.toml is larger than 1 MiB."));
}

TEST_CASE("nesting that would exhaust the stack is refused") {
    std::string dots = "schema = 1\na";
    for (int i = 0; i < 100000; ++i) dots += ".a";
    CHECK(tw::test::parse_text(dots + " = 1\n").error().front().message ==
          "This line has more than 200 dots; break it up.");
    CHECK(tw::test::parse_text("a = " + std::string(100000, '[')).has_error());
    std::string tables = "a = ";
    for (int i = 0; i < 1000; ++i) tables += "{a=";
    CHECK(tw::test::parse_text(tables).has_error());
}
