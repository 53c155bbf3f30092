// Code points are never split and are counted as one; sizes for people; how deep and wide JSON is.
#include <catch2/catch_test_macros.hpp>

#include "base/json_depth.hpp"
#include "base/text.hpp"

TEST_CASE("code points are counted by the bytes that begin one, and a cut ends before one that does not fit") {
    CHECK(tw::count_code_points("") == 0);
    CHECK(tw::count_code_points("abc") == 3);
    CHECK(tw::count_code_points("a\u00e9\u20ac\U0001F600") == 4);
    CHECK(tw::cut_utf8("a\u00e9\u20ac", 6) == "a\u00e9\u20ac");
    for (const std::size_t most : {5U, 4U, 3U}) CHECK(tw::cut_utf8("a\u00e9\u20ac", most) == "a\u00e9");
    CHECK(tw::cut_utf8("a\u00e9\u20ac", 2) == "a");
    CHECK(tw::cut_utf8("\u20ac", 2).empty());
    CHECK(tw::incomplete_tail("a\xE2\x82") == 2);
}

TEST_CASE("sizes count in 1024 and keep what helps") {
    CHECK(tw::human_bytes(std::uint64_t{0}) == "0 B");
    CHECK(tw::human_bytes(std::uint64_t{1023}) == "1023 B");
    CHECK(tw::human_bytes(std::uint64_t{1536}) == "1.5 KiB");
    CHECK(tw::human_bytes(std::uint64_t{607} << 20U) == "607 MiB");
    CHECK(tw::human_bytes(1.25 * (1 << 30)) == "1.2 GiB");
}

TEST_CASE("members are counted object by object, and not in strings and lists") {
    static_assert(!tw::json_wider_than(R"({"a":1,"b":{"c":2,"d":3},"e":",,,,"})", 3));
    static_assert(tw::json_wider_than(R"({"a":1,"b":2,"c":3,"d":4})", 3));
    static_assert(tw::json_wider_than(R"([{"a":{"b":1,"c":2,"d":3,"e":4}}])", 3));
    static_assert(!tw::json_wider_than(R"([1,2,3,4,5,{"a":[1,2,3,4,5],"b":"\",,,,"}])", 3));
    CHECK(tw::json_wider_than(std::string(65, '['), 3));
    CHECK_FALSE(tw::json_wider_than("]]}},,,,,,", 3));
}
