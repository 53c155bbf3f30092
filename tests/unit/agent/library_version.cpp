// What the mapped files of a process say of its ggml.
#include <catch2/catch_test_macros.hpp>

#include <string>

#include <unistd.h>

#include "agent/library_version.hpp"

using tw::agent::ggml_version_in;

TEST_CASE("the version of ggml stands in the name of its library, and is not known where it does not") {
    const std::string before = "55d0c0000000-55d0c0020000 r--p 00000000 08:01 1 /opt/w/bin/ggml-rpc-server\n"
                               "7f0000000000-7f0000010000 r-xp 00000000 08:01 2   ";
    CHECK(ggml_version_in(before + "/opt/w/lib/libggml-base.so.0.25.1\n7f00 r-xp /x\n") == "0.25.1");
    CHECK(ggml_version_in(before + "/opt/w/lib/libggml-base.so.0.25.1 (deleted)\n") == "0.25.1");
    CHECK(ggml_version_in(before + "/opt/w/lib/libggml-base.so.0.25.1") == "0.25.1");
    for (const char* unknown : {"/opt/w/lib/libggml-base.so\n", "/opt/w/lib/libggml-base.so.0\n",
                                "/opt/w/lib/libggml-base.so.new.one.x\n", "/opt/w/lib/libggml-base.v0.5.0.so\n",
                                "/opt/w/lib/libggml-base.so.", "/usr/lib/libc.so.6\n", ""})
        CHECK(ggml_version_in(before + unknown).empty());
    CHECK(ggml_version_in(before + "/libggml-base.so." + std::string(100, '1') + ".0.0\n").empty());
    CHECK(tw::agent::ggml_version_of(::getpid()).empty()); // this test is linked with none
    CHECK(tw::agent::ggml_version_of(0).empty());
}
