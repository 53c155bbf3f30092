// Real files: their pages are in memory after reading, gone after letting go, and stay while somebody maps them.
#include <algorithm>
#include <utility>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sys/mman.h>
#include <sys/stat.h>

#include "memory/page_cache.hpp"
#include "memory/process_files.hpp"
#include "pages.hpp"

using Catch::Matchers::ContainsSubstring;
using namespace tw::memory;
using tw::test::disk_file;

namespace {

constexpr std::size_t some = (std::size_t{8} << 20U) + 100; // the last page is not whole

std::uint64_t resident(const std::filesystem::path& file) {
    const auto found = look_at_pages(file);
    REQUIRE(found.has_value());
    CHECK(found->file_bytes == some);
    return found->resident_bytes;
}

// All of a file, as a model is mapped that computes on the processor.
class mapping {
  public:
    explicit mapping(const std::filesystem::path& file) {
        const int fd = ::open(file.c_str(), O_RDONLY);
        begin_ = ::mmap(nullptr, some, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
        ::close(fd);
    }
    ~mapping() { ::munmap(begin_, some); }
    mapping(const mapping&) = delete;
    mapping& operator=(const mapping&) = delete;

  private:
    void* begin_ = nullptr;
};

} // namespace

TEST_CASE("a file that was read lies in memory to the byte, and none of it once it was let go") {
    const disk_file file("read", some);
    REQUIRE(let_go(file.path()).has_value());
    CHECK(resident(file.path()) == 0);
    std::uint64_t last = 0;
    const auto read = bring_in(file.path(), [&](std::uint64_t bytes) { return std::exchange(last, bytes) < bytes; });
    REQUIRE(read.has_value());
    CHECK(last == some);
    CHECK(resident(file.path()) == some);
    REQUIRE(let_go(file.path()).has_value());
    CHECK(resident(file.path()) == 0);
}

TEST_CASE("what a process maps stays, and it is named") {
    const disk_file file("mapped", some);
    {
        const mapping used(file.path());
        REQUIRE(let_go(file.path()).has_value());
        CHECK(resident(file.path()) == some);
        const auto who = mappers_of(file.path());
        CHECK(std::ranges::find(who, ::getpid(), &mapper::pid) != who.end());
    }
    CHECK(mappers_of(file.path()).empty());
    REQUIRE(let_go(file.path()).has_value());
    CHECK(resident(file.path()) == 0);
}

TEST_CASE("reading ends when it is told to, and what is no file is refused") {
    const disk_file file("ended", some);
    int asked = 0;
    const auto ended = bring_in(file.path(), [&](std::uint64_t) { return ++asked < 1; });
    REQUIRE(ended.has_error());
    CHECK(ended.error().code == tw::code::cancelled);
    CHECK(asked == 1);
    for (const std::filesystem::path& wrong : {std::filesystem::path(TW_BINARY_DIR), file.path() / "none"}) {
        CHECK(look_at_pages(wrong).has_error());
        CHECK(let_go(wrong).has_error());
        CHECK(bring_in(wrong, [](std::uint64_t) { return true; }).has_error());
    }
}

TEST_CASE("who may not know how much of a file lies in memory is not told that all of it does") {
    if (::geteuid() != 0) SKIP("only root can be somebody else");
    const auto file = std::filesystem::temp_directory_path() / ("tightwad-test-owner-" + std::to_string(::getpid()));
    std::ofstream(file) << "text";
    ::chmod(file.c_str(), 0644);
    REQUIRE(::seteuid(65534) == 0);
    const auto refused = look_at_pages(file);
    REQUIRE(::seteuid(0) == 0);
    std::filesystem::remove(file);
    REQUIRE(refused.has_error());
    CHECK_THAT(refused.error().message, ContainsSubstring("told only to its owner"));
}
