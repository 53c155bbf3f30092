// Where plugins are looked for, and in which order.
#include "plugin/search_path.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

namespace {

std::vector<std::string> names(const tw::search_path& where) {
    std::vector<std::string> out;
    for (const auto& folder : where.folders)
        out.push_back(folder.path.string());
    return out;
}

const tw::search_environment usual{.plugins_path = "/one::/two",
                                   .xdg_data_home = {},
                                   .home = "/home/me",
                                   .executable = "/opt/tw/bin/tightwad"};

} // namespace

TEST_CASE("folders given on the command line are the only ones") {
    CHECK(names(tw::search_path::from({"/b", "/a"}, usual)) ==
          std::vector<std::string>{"/b", "/a"});
}

TEST_CASE("without them: the variable, the user's folder, beside the program") {
    const auto all = names(tw::search_path::from({}, usual));
    REQUIRE(all.size() >= 4);
    CHECK(all[0] == "/one");
    CHECK(all[1] == "/two");
    CHECK(all[2] == "/home/me/.local/share/tightwad/plugins");
    CHECK(all[3] == "/opt/tw/lib/tightwad/plugins");
}

TEST_CASE("XDG_DATA_HOME replaces the user's folder") {
    auto here = usual;
    here.plugins_path.reset();
    here.xdg_data_home = "/data";
    CHECK(names(tw::search_path::from({}, here)).front() == "/data/tightwad/plugins");
}

TEST_CASE("an uninstalled build finds its own plugins") {
    const auto here = tw::search_environment::current();
    CHECK(here.executable.filename() == "test_plugin");
    const auto all = names(tw::search_path::from({}, here));
    CHECK(std::find(all.begin(), all.end(), std::string(TW_BINARY_DIR) + "/lib/tightwad/plugins") !=
          all.end());
}
