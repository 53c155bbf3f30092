// The last few hundred of a series of figures, and their median.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "base/median.hpp"

namespace tw {

// Not thread-safe.
class recent {
  public:
    void add(double value) { values_[count_++ % values_.size()] = value; }

    // 0 without values.
    [[nodiscard]] double median() const {
        auto sorted = values_;
        return tw::median(std::span(sorted).first(std::min(count_, sorted.size())));
    }

  private:
    std::array<double, 512> values_{};
    std::size_t count_ = 0;
};

} // namespace tw
