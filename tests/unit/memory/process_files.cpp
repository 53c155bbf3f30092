// This very process maps a model and listens on a port.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "memory/process_files.hpp"
#include "pages.hpp"

using Catch::Matchers::ContainsSubstring;
using namespace tw::memory;
using tw::test::disk_file;

TEST_CASE("a process's model files are those that begin with GGUF, mapped or open") {
    const disk_file model("model.gguf", 8192, "GGUF"), open_one("blob", 8192, "GGUF"), other("text", 8192);
    const int fd = ::open(model.path().c_str(), O_RDONLY);
    void* const mapped = ::mmap(nullptr, 8192, PROT_READ, MAP_SHARED, fd, 0);
    ::close(fd);
    REQUIRE(mapped != MAP_FAILED);
    const int held = ::open(open_one.path().c_str(), O_RDONLY), text = ::open(other.path().c_str(), O_RDONLY);
    const auto found = model_files_of(::getpid());
    ::munmap(mapped, 8192);
    ::close(held);
    ::close(text);
    REQUIRE(found.has_value());
    CHECK((*found == std::vector{open_one.path(), model.path()})); // in the order of their names
    const auto none = model_files_of(::getpid());
    REQUIRE(none.has_error());
    CHECK_THAT(none.error().message, ContainsSubstring("works with no GGUF file"));
}

TEST_CASE("the process behind a port is found, and a port or a process that is not there is one sentence") {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener, 1) == 0);
    REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    const auto port = ntohs(address.sin_port);
    const auto pid = listener_of(port);
    ::close(listener);
    REQUIRE(pid.has_value());
    CHECK(*pid == ::getpid());
    CHECK_THAT(listener_of(port).error().message, ContainsSubstring("No process listens on port"));
    CHECK_THAT(model_files_of(1 << 30).error().message, ContainsSubstring("There is no process"));
}
