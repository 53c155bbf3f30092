// The conformance cases by name, in the order in which they run.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <tightwad/testkit/verdict.hpp>

namespace tw::check {

// What is judged, and what the person who asks knows about it.
struct subject {
    std::filesystem::path file;
    std::string config = "{}";                       // the instance's table, as JSON
    std::string sha256;                              // the digest it should have, empty = any
    std::vector<std::filesystem::path> plugins_dirs; // where its id must not be taken
};

struct conformance_case {
    std::string_view name;
    std::string_view what;                   // one line for --list
    bool opens_the_rest;                     // after its failure the later cases are skipped
    testkit::verdict (*run)(const subject&); // in a process of its own: it may die
};

[[nodiscard]] const std::vector<conformance_case>& all_cases();

} // namespace tw::check
