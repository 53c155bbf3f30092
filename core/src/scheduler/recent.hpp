// The last few hundred of a series of figures, and their median.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace tw {

// Not thread-safe.
class recent {
  public:
    void add(double value) { values_[count_++ % values_.size()] = value; }

    // 0 without values.
    [[nodiscard]] double median() const {
        auto sorted = values_;
        const auto n = std::min(count_, sorted.size());
        if (n == 0) return 0;
        const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(n / 2);
        std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(n));
        return *middle;
    }

  private:
    std::array<double, 512> values_{};
    std::size_t count_ = 0;
};

} // namespace tw
