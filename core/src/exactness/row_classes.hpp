// Row counts that give the same bits, grouped, and the ranges among them that an engine could stay
// in.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "exactness/probe.hpp"

namespace tw::exactness {

// A tested number of rows; equal groups gave equal bits.
struct row_class {
    std::int32_t rows = 0;
    std::size_t group = 0;
};

// The row counts worth testing from 1 to `most`, ascending: every small one, then ever fewer.
[[nodiscard]] std::vector<std::int32_t> row_counts(std::int32_t most);

// Every run of neighbouring row counts of one group that begins at `most_rows` or below, and the
// same run cut at `most_rows` where it reaches further. Sorted by least, the longer first.
[[nodiscard]] std::vector<row_range> candidates(std::span<const row_class> tested,
                                                std::int32_t most_rows);

// "1; 2 to 24; 32 to 128": the runs of equal bits.
[[nodiscard]] std::string describe(std::span<const row_class> tested);

} // namespace tw::exactness
