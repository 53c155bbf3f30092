// Order statistics.
#include "commands/bench_statistics.hpp"

#include <algorithm>
#include <cmath>

namespace tw::cli {

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const auto half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double p95(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[(values.size() * 95 + 99) / 100 - 1]; // integers: .95 n has no exact double
}

interval median_interval(std::vector<double> values) {
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    const auto n = static_cast<double>(values.size());
    std::size_t below = 0; // how many values are left out at each end
    double tail = 0;       // P(Binomial(n, 1/2) <= k)
    for (std::size_t k = 0; k < values.size() / 2; ++k) {
        const auto successes = static_cast<double>(k); // by logarithms, because 2^-n underflows
        tail += std::exp(std::lgamma(n + 1) - std::lgamma(successes + 1) - std::lgamma(n - successes + 1) -
                         n * std::log(2.0));
        if (tail > 0.025) break;
        below = k;
    }
    return {values[below], values[values.size() - 1 - below]};
}

} // namespace tw::cli
