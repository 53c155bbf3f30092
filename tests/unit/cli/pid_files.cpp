// Who serves a port, and who only left a note.
#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <fstream>

#include <unistd.h>

#include "commands/pid_file.hpp"
#include "program.hpp"

using namespace tw::cli;

TEST_CASE("the process that serves a port is found while it runs, and a recycled pid is not it") {
    const tw::test::scratch_folder folder;
    ::setenv("TIGHTWAD_STATE", folder.path().c_str(), 1);
    CHECK_FALSE(find_serving(8088).has_value());
    {
        const auto mark = pid_file::write(8088, "http://127.0.0.1:8088");
        REQUIRE(mark.has_value());
        const auto found = find_serving(8088);
        REQUIRE(found.has_value());
        CHECK(found->pid == ::getpid());
        CHECK(found->url == "http://127.0.0.1:8088");
        CHECK_FALSE(find_serving(8089).has_value());

        auto earlier = *found;
        earlier.started -= 1; // a process of the same pid that began at another time
        CHECK_FALSE(is_running(earlier));
    }
    CHECK_FALSE(std::filesystem::exists(pid_file_path(8088)));
    for (const char* damaged : {"", "12", "{}", "{\"pid\":-1,\"started\":0,\"url\":\"\"}", "{\"pid\":\"x\"}"}) {
        std::ofstream(pid_file_path(8088)) << damaged;
        CHECK_FALSE(find_serving(8088).has_value());
    }
    ::unsetenv("TIGHTWAD_STATE");
}
