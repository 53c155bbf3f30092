// Results of the probe kept in files: what comes back, and what a bad file does.
#include "exactness/probe_cache.hpp"

#include <fstream>
#include <iterator>

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

namespace fs = std::filesystem;

namespace {

struct folder {
    fs::path path = fs::temp_directory_path() / ("tightwad-probe-" + std::to_string(::getpid()));
    folder() { fs::remove_all(path); }
    ~folder() { fs::remove_all(path); }

    [[nodiscard]] fs::path only_file() const {
        std::vector<fs::path> files(fs::directory_iterator(path), {});
        REQUIRE(files.size() == 1);
        return files[0];
    }
};

std::string bytes_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

tw::exactness_report sample() {
    tw::exactness_report report;
    report.kind = tw::exactness_class::shape_class;
    report.rows = {2, 24};
    report.one_sequence = true;
    report.reusable = true;
    report.cells = 648;
    report.complete = true;
    report.plain_ms = 19.25;
    report.padded_ms = 28.5;
    report.findings = {"One.", "Two \xff."};
    return report;
}

} // namespace

TEST_CASE("a kept result comes back for its key alone") {
    const folder at;
    CHECK_FALSE(tw::load_probe(at.path / "below", "model A").has_value());
    REQUIRE(tw::store_probe(at.path / "below", "model A", sample()).has_value());
    const auto back = tw::load_probe(at.path / "below", "model A");
    REQUIRE(back.has_value());
    CHECK(back->kind == tw::exactness_class::shape_class);
    CHECK(back->rows == tw::row_range{2, 24});
    CHECK(back->one_sequence);
    CHECK(back->reusable);
    CHECK(back->cells == 648);
    CHECK(back->complete);
    CHECK(back->plain_ms == 19.25);
    CHECK(back->padded_ms == 28.5);
    CHECK(back->findings == std::vector<std::string>{"One.", "Two \xEF\xBF\xBD."});
    CHECK_FALSE(tw::load_probe(at.path / "below", "model B").has_value());
}

TEST_CASE("a second result replaces the first and leaves nothing else behind") {
    const folder at;
    auto report = sample();
    REQUIRE(tw::store_probe(at.path, "key", report).has_value());
    report.cells = 700;
    REQUIRE(tw::store_probe(at.path, "key", report).has_value());
    CHECK(tw::load_probe(at.path, "key")->cells == 700);
    static_cast<void>(at.only_file());
}

TEST_CASE("another key's file under this name is not believed") {
    const folder at;
    REQUIRE(tw::store_probe(at.path, "one", sample()).has_value());
    const auto one = at.only_file();
    const auto bytes = bytes_of(one);
    fs::remove(one);
    REQUIRE(tw::store_probe(at.path, "two", sample()).has_value());
    write(at.only_file(), bytes);
    CHECK_FALSE(tw::load_probe(at.path, "two").has_value());
}

TEST_CASE("cut, damaged and foreign files are absent and never crash") {
    const folder at;
    REQUIRE(tw::store_probe(at.path, "key", sample()).has_value());
    const auto file = at.only_file();
    const auto good = bytes_of(file);
    for (std::size_t n = 0; n + 2 < good.size(); ++n) { // whole without its last line end
        write(file, good.substr(0, n));
        CHECK_FALSE(tw::load_probe(at.path, "key").has_value());
    }
    for (std::size_t n = 0; n < good.size(); ++n)
        for (const char byte : {'\0', '"', '9', '{', '\xff'}) {
            auto bad = good;
            bad[n] = byte;
            write(file, bad);
            if (const auto loaded = tw::load_probe(at.path, "key")) {
                CHECK(loaded->rows.least >= 1);
                CHECK(loaded->rows.least <= loaded->rows.most);
            }
        }
    for (const auto* foreign :
         {"", "null", "[]", "{}", "7", "\"x\"", R"({"probe":2,"key":"key"})",
          R"({"probe":2,"key":"key","report":[]})", R"({"probe":2,"key":"key","report":{}})"}) {
        write(file, foreign);
        CHECK_FALSE(tw::load_probe(at.path, "key").has_value());
    }
    write(file, std::string(60000, '['));
    CHECK_FALSE(tw::load_probe(at.path, "key").has_value());
    write(file, good + std::string(1 << 16, ' '));
    CHECK_FALSE(tw::load_probe(at.path, "key").has_value());
    write(file, good);
    CHECK(tw::load_probe(at.path, "key").has_value());
}

TEST_CASE("nonsense in a field makes the file absent") {
    const folder at;
    REQUIRE(tw::store_probe(at.path, "key", sample()).has_value());
    const auto file = at.only_file();
    const auto good = bytes_of(file);
    for (const auto& [from, to] : {std::pair{"shape-class", "exact"},
                                   {"\"rows_least\": 2", "\"rows_least\": 25"},
                                   {"\"rows_most\": 24", "\"rows_most\": 9999999999999"},
                                   {"19.25", "-1"},
                                   {"648", "6.5"},
                                   {"\"complete\": true", "\"complete\": 1"},
                                   {"28.5", "1e999"},
                                   {"\"probe\": 2", "\"probe\": 1"},
                                   {"\"One.\"", "1"}}) {
        auto bad = good;
        const auto where = bad.find(from);
        REQUIRE(where != std::string::npos);
        bad.replace(where, std::string(from).size(), to);
        write(file, bad);
        INFO(from);
        CHECK_FALSE(tw::load_probe(at.path, "key").has_value());
    }
}

TEST_CASE(
    "a folder or a pipe where the file should be is absent, and an unwritable place is said so") {
    const folder at;
    REQUIRE(tw::store_probe(at.path, "key", sample()).has_value());
    const auto file = at.only_file();
    fs::remove(file);
    fs::create_directory(file);
    CHECK_FALSE(tw::load_probe(at.path, "key").has_value());
    CHECK_FALSE(tw::store_probe(at.path, "key", sample()).has_value());
    static_cast<void>(at.only_file()); // no part is left
    fs::remove(file);
    write(file, "x");
    const auto refused = tw::store_probe(file / "below", "key", sample());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == tw::code::unavailable);
    CHECK(refused.error().message.find("TIGHTWAD_CACHE") != std::string::npos);
}
