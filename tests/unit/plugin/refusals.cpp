// Every refusal is one plain sentence, and a bad file never stops the scan.
#include <catch2/catch_test_macros.hpp>

#include "plugin/sha256.hpp"
#include "unit/plugin/plugin_folder.hpp"

namespace fs = std::filesystem;

namespace {

// tests/golden/plugin/refusals.txt: NAME: sentence
std::map<std::string, std::string> golden() {
    std::map<std::string, std::string> out;
    std::istringstream lines(bytes_of(TW_SOURCE_DIR "/tests/golden/plugin/refusals.txt"));
    for (std::string line; std::getline(lines, line);)
        if (const auto colon = line.find(": "); colon != std::string::npos)
            out[line.substr(0, colon)] = line.substr(colon + 2);
    return out;
}

// Puts one file beside a good one; both verdicts must be as they should.
void refused(const std::string& name, const plugin_folder& folder,
             const std::map<std::string, std::string>& pins = {}) {
    folder.copy("good.so");
    const auto found = folder.scan(pins);
    INFO(name);
    REQUIRE(found.refusals().size() == 1);
    CHECK(folder.anonymous(found.refusals().front().why) == golden()[name]);
    CHECK(found.find("good") != nullptr);
    CHECK(found.plugins().size() == 1);
}

void refused_as_built(const std::string& name) {
    const plugin_folder folder;
    folder.copy(name + ".so");
    refused(name, folder);
}

} // namespace

TEST_CASE("a plugin that aborts in a constructor is tried in a child and refused") {
    refused_as_built("aborts");
}
TEST_CASE("a plugin of another major version is refused unread") {
    refused_as_built("wrong_major");
}
TEST_CASE("a plugin that needs a newer host is refused") {
    refused_as_built("newer_minor");
}
TEST_CASE("a plugin with a required function missing is refused") {
    refused_as_built("null_slot");
}
TEST_CASE("a plugin whose id is not its file's name is refused") {
    refused_as_built("wrong_id");
}
TEST_CASE("a library that is no plugin is refused") {
    refused_as_built("stranger");
}

TEST_CASE("a text file is refused") {
    const plugin_folder folder;
    folder.write("text.so", "These are notes, not a plugin.\n");
    refused("text", folder);
}

TEST_CASE("an empty file is refused") {
    const plugin_folder folder;
    folder.write("empty.so", "");
    refused("empty", folder);
}

TEST_CASE("a truncated plugin is refused") {
    const plugin_folder folder;
    const auto whole = bytes_of(fs::path(TW_BINARY_DIR) / "tests/plugins/good.so");
    folder.write("truncated.so", whole.substr(0, 1000));
    refused("truncated", folder);
}

TEST_CASE("a folder that is called like a plugin is refused") {
    const plugin_folder folder;
    fs::create_directory(folder.path() / "folder.so");
    refused("folder", folder);
}

TEST_CASE("a plugin that everybody can write is refused") {
    const plugin_folder folder;
    fs::permissions(folder.copy("echo.so"), fs::perms::others_write, fs::perm_options::add);
    refused("world_writable", folder);
}

TEST_CASE("a plugin with another digest than the pinned one is refused before its code runs") {
    const plugin_folder folder;
    folder.copy("aborts.so"); // had it been tried, the sentence would speak of a signal
    const auto digest = tw::sha256_of_file(folder.path() / "aborts.so");
    REQUIRE(digest.has_value());
    const std::string pin(64, '0');
    folder.copy("good.so");
    const auto found = folder.scan({{"aborts", pin}});
    REQUIRE(found.refusals().size() == 1);
    CHECK(found.refusals().front().why == "aborts.so has the sha256 " + *digest +
                                              " and the configuration pins " + pin +
                                              "; it was not loaded.");
}

TEST_CASE("a plugin with the pinned digest is loaded, in whatever case the pin is written") {
    const plugin_folder folder;
    auto digest = *tw::sha256_of_file(folder.copy("echo.so"));
    std::transform(digest.begin(), digest.end(), digest.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    const auto found = folder.scan({{"echo", digest}});
    REQUIRE(found.find("echo") != nullptr);
    CHECK(found.find("echo")->version == "0.1.0");
}

TEST_CASE("the second file that claims an id is refused with both paths") {
    const plugin_folder first, second;
    first.copy("good.so");
    second.copy("good.so");
    second.copy("echo.so");
    const auto found = tw::registry::scan(tw::search_path::from({first.path(), second.path()}));
    REQUIRE(found.refusals().size() == 1);
    CHECK(found.refusals().front().why ==
          "The id \"good\" is used twice: " + (first.path() / "good.so").string() + " is loaded, " +
              (second.path() / "good.so").string() + " is not.");
    CHECK(found.find("good")->path == first.path() / "good.so");
    CHECK(found.find("echo") != nullptr);
}

TEST_CASE("what the system's loader says is kept word for word") {
    const plugin_folder folder;
    // A plugin that is whole but needs a library which is not there: the name in its own string
    // table, spelled wrong.
    auto bytes = bytes_of(fs::path(TW_BINARY_DIR) / "tests/plugins/echo.so");
    const std::string_view needed = "libstdc++.so.6";
    const auto at = bytes.find(needed);
    REQUIRE(at != std::string::npos);
    for (auto i = at; i != std::string::npos; i = bytes.find(needed, i + 1))
        bytes[i + 3] = 'X';
    folder.write("echo.so", bytes);
    refused("loader", folder);
}

TEST_CASE("a folder that was asked for and is not there is told") {
    const auto found = tw::registry::scan(tw::search_path::from({"/nowhere/at-all"}));
    REQUIRE(found.refusals().size() == 1);
    CHECK(found.refusals().front().why ==
          "The plugin folder /nowhere/at-all cannot be read: No such file or directory.");
}

TEST_CASE("a file met twice is one file") {
    const plugin_folder folder;
    folder.copy("good.so");
    const auto found =
        tw::registry::scan(tw::search_path::from({folder.path(), folder.path() / "."}));
    CHECK(found.plugins().size() == 1);
    CHECK(found.refusals().empty());
}

TEST_CASE("only the plugins that are named are touched") {
    const plugin_folder folder;
    folder.copy("good.so");
    folder.copy("aborts.so");
    const auto found = tw::registry::scan(tw::search_path::from({folder.path()}), {}, {{"good"}});
    CHECK(found.plugins().size() == 1);
    CHECK(found.refusals().empty());
    CHECK(found.missing("abort").message == "There is no plugin \"abort\". Did you mean \"aborts\"?");
}

TEST_CASE("a name that was not found is explained") {
    const plugin_folder folder;
    folder.copy("good.so");
    folder.copy("newer_minor.so");
    const auto found = folder.scan();
    CHECK(found.missing("goood").message == "There is no plugin \"goood\". Did you mean \"good\"?");
    CHECK(folder.anonymous(found.missing("ollama").message) ==
          "There is no plugin \"ollama\". Searched: DIR.");
    CHECK(found.missing("newer_minor").message ==
          "The plugin \"newer_minor\" was refused: " + golden()["newer_minor"]);
}
