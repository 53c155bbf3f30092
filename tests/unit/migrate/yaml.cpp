// The tree of a YAML file: what words mean, and what a stranger's file may not ask for.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "migrate/yaml.hpp"

using Catch::Matchers::ContainsSubstring;
using tw::migrate::read_yaml;
using tw::toml_tree::value;

namespace {

value tree(const std::string& text) {
    auto read = read_yaml(text, "f.yaml");
    REQUIRE(read.has_value());
    return std::move(*read);
}

std::string refusal(const std::string& text) {
    const auto read = read_yaml(text, "f.yaml");
    REQUIRE(read.has_error());
    REQUIRE(read.error().size() == 1);
    return to_string(read.error().front());
}

} // namespace

TEST_CASE("words are what PyYAML takes them for, and quotes make strings") {
    const auto file = tree("a: on\nb: 'on'\nc: 12\nd: \"12\"\ne: 1.5\nf: ~\ng:\nh: -3\ni: !!str 7\nj: No\nk: a b\n");
    const auto kind = [&](const char* key) { return file.find(key)->value.type; };
    CHECK(kind("a") == value::kind::boolean);
    CHECK(file.find("a")->value.boolean);
    CHECK(kind("b") == value::kind::text);
    CHECK(file.find("c")->value.integer == 12);
    CHECK(kind("d") == value::kind::text);
    CHECK(kind("e") == value::kind::number);
    CHECK(file.find("f") == nullptr);
    CHECK(file.find("g") == nullptr);
    CHECK(file.find("h")->value.integer == -3);
    CHECK(kind("i") == value::kind::text);
    CHECK_FALSE(file.find("j")->value.boolean);
    CHECK(file.find("k")->value.text == "a b");
    CHECK(to_string(file.find("c")->at) == "f.yaml:3:1");
}

TEST_CASE("aliases and merges are followed, and of a key that stands twice the last counts") {
    const auto file = tree("base: &b {x: 1, y: 2}\none: {<<: *b, y: 3}\ntwo: {<<: [*b, {z: 4}]}\nbase: last\n");
    CHECK(file.find("one")->value.find("x")->value.integer == 1);
    CHECK(file.find("one")->value.find("y")->value.integer == 3);
    CHECK(file.find("two")->value.find("z")->value.integer == 4);
    CHECK(file.find("base")->value.text == "last");
    CHECK(file.table.size() == 3);
}

TEST_CASE("size, depth, aliases that multiply, and what is no plain YAML are refused with their place") {
    CHECK_THAT(refusal(std::string(tw::migrate::max_yaml_bytes + 1, '#')), ContainsSubstring("larger than 256 KiB"));
    CHECK_THAT(refusal("a:\n  " + std::string(100000, '[')),
               ContainsSubstring("f.yaml:2:") && ContainsSubstring("deep"));
    CHECK_THAT(refusal(std::string(100000, '{')), ContainsSubstring("deep"));
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) {
        const auto before = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
        for (int k = 1; k < 8; ++k)
            bomb += ", " + before;
        bomb += "]\n";
    }
    CHECK_THAT(refusal(bomb), ContainsSubstring("more than 20000 values"));
    std::string tower = "a0: &a0 [x]\n"; // few values, but each level holds the one before
    for (int i = 1; i < 40; ++i)
        tower += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
    CHECK_THAT(refusal(tower), ContainsSubstring("deep"));
    CHECK_THAT(refusal("a: &a [*a]\n"), ContainsSubstring("An alias stands inside"));
    CHECK_THAT(refusal("a: *b\n"), ContainsSubstring("f.yaml:1:"));
    for (const char* tag : {"!mine", "!!python/object/apply:os.system", "!<x>"})
        CHECK_THAT(refusal("a: " + std::string(tag) + " [1]\n"), ContainsSubstring("f.yaml:1:4: A tag"));
    CHECK_THAT(refusal("[a]: 1\n"), ContainsSubstring("A key must be a word"));
    CHECK_THAT(refusal("a: 1\n---\nb: 1\n"), ContainsSubstring("more than one"));
    CHECK_THAT(refusal(std::string("a: \xFF\n")), ContainsSubstring("UTF-8"));
    CHECK_THAT(refusal(std::string("a: \0\n", 5)), ContainsSubstring("UTF-8"));
    CHECK_THAT(refusal(""), ContainsSubstring("holds nothing"));
}
