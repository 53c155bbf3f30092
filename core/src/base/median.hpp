// The middle one of some figures.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace tw {

// The upper of the two where their number is even, 0 without any. Changes their order.
[[nodiscard]] inline double median(std::span<double> values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

} // namespace tw
