// tightwad-check: good plugins pass every case that applies, and each bad one fails exactly its
// own.
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sys/wait.h>

namespace fs = std::filesystem;

namespace {

const fs::path built = fs::path(TW_BINARY_DIR) / "tests/plugins";

struct outcome {
    int status = -1;
    std::string out;
};

outcome run(const std::string& arguments) {
    const auto command =
        std::string(TW_BINARY_DIR) + "/bin/tightwad-check " + arguments + " 2>/dev/null";
    std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"),
                                               [](FILE*) { return 0; });
    outcome result;
    std::array<char, 4096> block{};
    for (std::size_t n = 0; (n = ::fread(block.data(), 1, block.size(), pipe.get())) > 0;)
        result.out.append(block.data(), n);
    const int status = ::pclose(pipe.release());
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
}

// The cases that failed, with their sentences; `passed` gets the number that passed.
std::map<std::string, std::string> failures(const fs::path& file, const std::string& more = "",
                                            int* passed = nullptr) {
    const auto result = run(file.string() + " --json " + more);
    const auto report = nlohmann::json::parse(result.out);
    std::map<std::string, std::string> out;
    for (const auto& one : report["cases"]) {
        if (one["verdict"] == "FAILED") out[one["case"]] = one["sentence"];
        if (one["verdict"] == "ok" && passed != nullptr) ++*passed;
    }
    CHECK(result.status == (out.empty() ? 0 : 1));
    return out;
}

void fails_only(const fs::path& file, const std::string& which, const std::string& sentence,
                const std::string& more = "") {
    INFO(file);
    CHECK(failures(file, more) == std::map<std::string, std::string>{{which, sentence}});
}

// A folder for files that no compiler makes.
struct folder {
    fs::path path = fs::path(TW_BINARY_DIR) / "tests/check";
    folder() {
        fs::remove_all(path);
        fs::create_directories(path);
    }
};

} // namespace

TEST_CASE("sound plugins fail nothing") {
    int passed = 0;
    CHECK(failures(built / "echo.so", "", &passed).empty());
    CHECK(passed == 10);
    CHECK(failures(built / "good.so").empty());
    CHECK(failures(built / "frozen_1_0.so").empty());
}

TEST_CASE("a sound engine fails nothing when it is given a model") {
    int passed = 0;
    CHECK(failures(built / "toy_engine.so", R"(--config '{"name":"toy"}')", &passed).empty());
    CHECK(passed == 8);
    CHECK(failures(built / "toy_engine.so").empty());
}

TEST_CASE("a plugin for servers fails nothing although no server is there") {
    int passed = 0;
    CHECK(failures(fs::path(TW_BINARY_DIR) / "lib/tightwad/plugins/ollama.so",
                   R"(--config '{"url":"http://127.0.0.1:1","model":"m"}')", &passed)
              .empty());
    CHECK(passed == 10);
}

TEST_CASE("each bad plugin fails exactly its own case") {
    const folder made;
    fs::copy_file(built / "good.so", made.path / "good.so");
    fs::permissions(made.path / "good.so", fs::perms::others_write, fs::perm_options::add);
    std::ofstream(made.path / "text.so") << "These are notes, not a plugin.\n";
    fs::copy_file(built / "echo.so", made.path / "truncated.so");
    fs::resize_file(made.path / "truncated.so", 1000);

    fails_only(
        made.path / "good.so", "file",
        "good.so can be changed by every user of this machine; make it safe with: chmod o-w " +
            (made.path / "good.so").string());
    fails_only(made.path / "text.so", "library",
               "text.so is not a plugin: it is not a shared library.");
    fails_only(
        made.path / "truncated.so", "library",
        "truncated.so is not a plugin: its tables reach past its end at byte 1000, so the file is "
        "truncated or damaged.");
    fails_only(built / "wrong_major.so", "contract",
               "wrong_major.so speaks version 2 of the plugin contract and this host speaks "
               "version 1; install "
               "the build of it made for this Tightwad.");
    fails_only(built / "aborts.so", "load", "It ended the process with signal 6 (Aborted).");
    fails_only(
        built / "newer_minor.so", "entry",
        "newer_minor.so needs a host of contract 1.9 and this host is 1.3; update Tightwad.");
    fails_only(
        built / "wrong_id.so", "entry",
        "wrong_id.so states the id \"something_else\"; its file must be called something_else.so.");
    fails_only(built / "null_slot.so", "tables",
               "It leaves the required function \"start\" of tightwad.backend/1 empty.");
    fails_only(built / "throws.so", "errors",
               "It threw an exception across the border: this request is not JSON");
    fails_only(built / "done_twice.so", "done", "It called done twice for one request.");
    fails_only(built / "keeps_pointer.so", "borrow",
               "It read what it had been lent after the call had ended.");
}

TEST_CASE("a plugin that blocks the loop is told how long it took") {
    const auto failed = failures(built / "blocks.so");
    REQUIRE(failed.size() == 1);
    REQUIRE(failed.contains("loop"));
    CHECK(failed.at("loop").starts_with("start took 4"));
}

TEST_CASE("a wrong digest and a taken id are cases of their own") {
    const folder made;
    fs::copy_file(built / "good.so", made.path / "good.so");
    const auto pinned = failures(built / "good.so", "--sha256 " + std::string(64, '0'));
    REQUIRE(pinned.size() == 1);
    CHECK(pinned.at("pin").ends_with(" and should have " + std::string(64, '0') + "."));
    fails_only(built / "good.so", "unique",
               "The id \"good\" is already used by " + (made.path / "good.so").string() + ".",
               "--plugins-dir " + made.path.string());
}

TEST_CASE("one case can be asked for, and the cases are listed") {
    CHECK(run((built / "aborts.so").string() + " --case file").status == 0);
    CHECK(run((built / "aborts.so").string() + " --case load").status == 1);
    CHECK(run((built / "aborts.so").string() + " --case lod").status == 2);
    const auto list = run("--list");
    CHECK(list.status == 0);
    CHECK(std::count(list.out.begin(), list.out.end(), '\n') >= 10);
}

TEST_CASE("a file that is not there fails in words") {
    fails_only("/nowhere/at-all.so", "file", "at-all.so is not a plugin: it is not a file.");
}
