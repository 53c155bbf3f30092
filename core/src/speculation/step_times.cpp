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
    std::vector<std::size_t> out{1, 4, 8, 2, 16, 3, 6, 12, 32, 5, 24, 64, 128, 256};
    std::erase_if(out, [&](std::size_t rows) { return rows > most; });
    return out;
}

void step_times::measured(std::size_t rows, double seconds) {
    knots_[rows] = seconds;
    started_ = true;
}

void step_times::observe(std::size_t rows, double seconds) {
    if (seconds <= 0) return;
    if (knots_.empty()) {
        knots_[rows] = seconds;
        return;
    }
    const bool plain = rows == knots_.begin()->first;
    const bool beyond = rows > knots_.rbegin()->first;
    const auto known = knots_.try_emplace(rows, between(rows)).first;
    const auto off = std::clamp(std::log(seconds / (scale_ * known->second)), -1.0, 1.0);
    if (beyond) { // what was there is no measurement
        known->second *= std::exp(off);
        return;
    }
    if (plain) { // what moves is the machine, not the shape
        scale_ *= std::exp(0.1 * off);
        return;
    }
    scale_ *= std::exp(0.02 * off);
    known->second *= std::exp(0.1 * off);
}

double step_times::seconds(std::size_t rows) const {
    if (knots_.empty()) return guessed_step_s * (1 + guessed_row * (static_cast<double>(rows) - 1));
    auto cost = between(rows);
    // A pass can be padded to any larger one: what was measured dearer than that was measured in a bad moment.
    for (auto larger = knots_.lower_bound(rows); larger != knots_.end(); ++larger) cost = std::min(cost, larger->second);
    return scale_ * cost;
}

// On the line through the two knots around `rows`, or the last two; at scale 1. There is a knot. Beyond a table that was measured
// a row takes no less than the others did behind the first: what was never seen must not look cheap.
double step_times::between(std::size_t rows) const {
    const auto n = static_cast<double>(rows);
    if (knots_.size() == 1) {
        const auto& [at, cost] = *knots_.begin();
        return cost * (1 + guessed_row * (n - 1)) / (1 + guessed_row * (static_cast<double>(at) - 1));
    }
    auto above = knots_.lower_bound(rows);
    const bool beyond = above == knots_.end();
    if (beyond) --above;
    if (above == knots_.begin()) ++above;
    const auto below = std::prev(above);
    const auto last = static_cast<double>(above->first);
    const auto& [least, first_s] = *knots_.begin();
    auto slope = (above->second - below->second) / static_cast<double>(above->first - below->first);
    if (beyond && started_) slope = std::max(slope, (above->second - first_s) / (last - static_cast<double>(least)));
    // A line that falls ends somewhere.
    return std::max(above->second + slope * (n - last), 0.2 * std::min(below->second, above->second));
}

std::map<std::size_t, double> step_times::table() const {
    auto out = knots_;
    for (auto& [rows, cost] : out) cost *= scale_;
    return out;
}

} // namespace tw
