// The bench as a picture: one dot per pair above its prompt, and the median.
#pragma once

#include <string>
#include <vector>

#include "commands/bench_report.hpp"

namespace tw::cli {

// A whole SVG document, readable on light and dark pages.
[[nodiscard]] std::string to_svg(const bench_report& report, const std::vector<bench_pair>& pairs);

} // namespace tw::cli
