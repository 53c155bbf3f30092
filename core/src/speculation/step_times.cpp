// The table of pass times.
#include "speculation/step_times.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace tw {
namespace {

constexpr double guessed_step_s = 0.02, guessed_row = 0.25;

} // namespace

std::vector<std::size_t> step_times::worth_measuring(std::size_t most) {
    std::vector<std::size_t> out{1, 4, 8, 2, 16, 3, 6, 12, 32, 5, 24};
    std::erase_if(out, [&](std::size_t rows) { return rows > most; });
    return out;
}

void step_times::measured(std::size_t rows, double seconds) { knots_[rows] = seconds; }

void step_times::observe(std::size_t rows, double seconds) {
    if (seconds <= 0) return;
    if (knots_.empty()) {
        knots_[rows] = seconds;
        return;
    }
    const auto off = std::clamp(std::log(seconds / this->seconds(rows)), -1.0, 1.0);
    if (rows == knots_.begin()->first) { // the plain step: what moves is the machine, not the shape
        scale_ *= std::exp(0.1 * off);
        return;
    }
    scale_ *= std::exp(0.02 * off);
    if (knots_.size() == 1 && !knots_.contains(rows)) knots_[rows] = seconds / scale_;
    auto above = knots_.lower_bound(rows);
    if (above == knots_.end()) above = std::prev(above);
    const auto below = above->first > rows && above != knots_.begin() ? std::prev(above) : above;
    below->second *= std::exp(0.1 * off);
    if (below != above) above->second *= std::exp(0.1 * off);
}

double step_times::seconds(std::size_t rows) const {
    const auto n = static_cast<double>(rows);
    if (knots_.empty()) return guessed_step_s * (1 + guessed_row * (n - 1));
    if (knots_.size() == 1) {
        const auto& [at, cost] = *knots_.begin();
        return scale_ * cost * (1 + guessed_row * (n - 1)) / (1 + guessed_row * (static_cast<double>(at) - 1));
    }
    auto above = knots_.lower_bound(rows);
    if (above == knots_.end()) --above;
    if (above == knots_.begin()) ++above;
    const auto below = std::prev(above);
    const auto width = static_cast<double>(above->first - below->first);
    const auto slope = (above->second - below->second) / width;
    const auto value = below->second + slope * (n - static_cast<double>(below->first));
    // A pass can be padded to any larger one: what was measured dearer than that was measured in a bad moment.
    const auto padded = std::min_element(above, knots_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    const auto most = n <= static_cast<double>(above->first) ? std::min(value, padded->second) : value;
    return scale_ * std::max(most, 0.2 * below->second);
}

std::map<std::size_t, double> step_times::table() const {
    auto out = knots_;
    for (auto& [rows, cost] : out) cost *= scale_;
    return out;
}

} // namespace tw
