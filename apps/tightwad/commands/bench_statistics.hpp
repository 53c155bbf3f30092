// The statistics of the bench: medians, tails, and how sure a median is.
#pragma once

#include <vector>

namespace tw::cli {

struct interval {
    double low = 0, high = 0;
};

// The middle value, the mean of the two middle ones of an even number; 0 of none.
[[nodiscard]] double median(std::vector<double> values);

// The nearest rank: the smallest value that at least 95 % of the values do not exceed; 0 of none.
[[nodiscard]] double p95(std::vector<double> values);

// The 95 % interval of the median from order statistics: the innermost pair of ranks (j, n+1-j) between
// which the median of any continuous distribution lies with at least that probability, which is
// 1 - 2 P(Binomial(n, 1/2) < j). Fewer than six values cannot promise 95 %: the smallest and the
// largest are returned then, and cover 1 - 2^(1-n). Both 0 of none.
[[nodiscard]] interval median_interval(std::vector<double> values);

} // namespace tw::cli
