// One case in a process of its own.
#pragma once

#include <chrono>

#include "cases.hpp"

namespace tw::check {

// Starts this program again for one case and waits; a child that dies or does not end has failed.
[[nodiscard]] testkit::verdict run_in_child(const conformance_case& one, const subject& what,
                                            std::chrono::seconds limit);

// The child's side: runs the case and writes its verdict to `report_fd`. Returns the exit status.
[[nodiscard]] int run_here(std::string_view case_name, const subject& what, int report_fd);

} // namespace tw::check
