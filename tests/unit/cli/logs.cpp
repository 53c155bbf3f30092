// `tightwad logs`: the end of a log, what follows it, and nothing but logs.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "program.hpp"

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Equals;
using tw::test::run_tightwad;
using tw::test::running_tightwad;
using tw::test::scratch_folder;

namespace {

struct state {
    scratch_folder folder;
    std::filesystem::path logs = folder.path() / "logs";
    std::map<std::string, std::string> variables{{"TIGHTWAD_STATE", folder.path().string()}};

    state() { std::filesystem::create_directories(logs); }
    void add(const std::string& file, const std::string& text) const {
        std::ofstream(logs / file, std::ios::app | std::ios::binary) << text;
    }
    [[nodiscard]] auto run(std::vector<std::string> words) const {
        words.insert(words.begin(), "logs");
        return run_tightwad(words, "", variables);
    }
};

} // namespace

TEST_CASE("the last lines of a log, by its name") {
    const state here;
    here.add("proxy.log", "one\ntwo\nthree\n");
    here.add("pool-large.log", "of the pool\n");
    CHECK_THAT(here.run({}).out, Equals("one\ntwo\nthree\n"));
    CHECK_THAT(here.run({"-n", "2"}).out, Equals("two\nthree\n"));
    CHECK_THAT(here.run({"pool-large", "--lines", "9"}).out, Equals("of the pool\n"));
}

TEST_CASE("a log that is not there is answered with those that are, and no other file is one") {
    const state here;
    const auto none = here.run({});
    CHECK(none.code == 1);
    CHECK_THAT(none.err, ContainsSubstring("There are no logs in " + here.logs.string()));
    here.add("peer.log", "a\n");
    here.add("secret.log", "b\n");
    std::ofstream(here.folder.path() / "peer.json") << "c\n";
    CHECK_THAT(here.run({}).err, ContainsSubstring("There is no log \"proxy\""));
    CHECK_THAT(here.run({"prer"}).err, ContainsSubstring("did you mean \"peer\"?"));
    for (const char* other : {"secret", "../peer.json", "rpc-../../peer", ""}) {
        const auto refused = here.run({other});
        CHECK(refused.code != 0);
        CHECK(refused.out.empty());
        CHECK(here.run({other, "--clear"}).code != 0);
    }
    CHECK(std::filesystem::file_size(here.logs / "secret.log") == 2);
}

TEST_CASE("a cleared log is empty, its older part gone, and who writes it goes on") {
    const state here;
    std::ofstream writer(here.logs / "rpc-50052.log", std::ios::app);
    writer << "before\n" << std::flush;
    here.add("rpc-50052.log.1", "long before\n");
    here.add("rpc-50053.log", "another's\n");
    CHECK(here.run({"rpc-50052", "--clear"}).code == 0);
    writer << "after\n" << std::flush;
    CHECK_THAT(here.run({"rpc-50052"}).out, Equals("after\n"));
    CHECK_FALSE(std::filesystem::exists(here.logs / "rpc-50052.log.1"));
    CHECK_THAT(here.run({"rpc-50053"}).out, Equals("another's\n"));
    CHECK(here.run({"rpc-50052", "--clear", "-f"}).code == 2);
}

TEST_CASE("a log is followed, also into a new file") {
    const state here;
    here.add("peer.log", "first\n");
    running_tightwad following({"logs", "peer", "-f"}, here.variables);
    CHECK_THAT(following.wait_for("first\n"), ContainsSubstring("first\n"));
    here.add("peer.log", "second\n");
    CHECK_THAT(following.wait_for("second\n"), ContainsSubstring("second\n"));
    std::filesystem::rename(here.logs / "peer.log", here.logs / "peer.log.1");
    here.add("peer.log", "third\n");
    CHECK_THAT(following.wait_for("third\n"), ContainsSubstring("third\n"));
}
