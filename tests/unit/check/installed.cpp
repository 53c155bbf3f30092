// A third party's way: install the SDK, build the example against it elsewhere, judge the result.
#include <cstdlib>
#include <filesystem>
#include <string>

#include <catch2/catch_test_macros.hpp>

namespace fs = std::filesystem;

TEST_CASE("the example builds against an installed SDK and passes the check") {
    const auto scratch = fs::path(TW_BINARY_DIR) / "tests/installed";
    fs::remove_all(scratch);
    fs::create_directories(scratch);
    fs::copy(fs::path(TW_SOURCE_DIR) / "sdk/examples/echo", scratch / "echo");
    const auto prefix = (scratch / "prefix").string(), build = (scratch / "build").string();
    const auto quietly = [](const std::string& command) {
        return std::system((command + " >/dev/null").c_str());
    };

    REQUIRE(quietly(TW_CMAKE " -DCMAKE_INSTALL_PREFIX=" + prefix +
                    " -P " TW_BINARY_DIR "/sdk/cmake_install.cmake") == 0);
    REQUIRE(quietly(TW_CMAKE " -S " + (scratch / "echo").string() + " -B " + build +
                    " -DCMAKE_CXX_COMPILER=" TW_CXX_COMPILER " -DCMAKE_PREFIX_PATH=" + prefix) ==
            0);
    REQUIRE(quietly(TW_CMAKE " --build " + build) == 0);
    CHECK(quietly(TW_BINARY_DIR "/bin/tightwad-check " + build + "/echo.so") == 0);
}
