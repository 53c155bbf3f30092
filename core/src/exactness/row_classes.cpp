// Row counts that give the same bits, grouped.
#include "exactness/row_classes.hpp"

namespace tw::exactness {
namespace {

std::vector<std::span<const row_class>> runs(std::span<const row_class> tested) {
    std::vector<std::span<const row_class>> out;
    std::size_t first = 0;
    for (std::size_t i = 1; i <= tested.size(); ++i)
        if (i == tested.size() || tested[i].group != tested[first].group) {
            out.push_back(tested.subspan(first, i - first));
            first = i;
        }
    return out;
}

} // namespace

std::vector<std::int32_t> row_counts(std::int32_t most) {
    std::vector<std::int32_t> out;
    for (std::int32_t rows = 1, step = 1; rows < most; rows += step) {
        out.push_back(rows);
        // 1 … 8, 12, 16, 24, 32, 48, 64, 96, …
        if (rows >= 8 && (rows & (rows - 1)) == 0) step = rows / 2;
    }
    out.push_back(most);
    return out;
}

std::vector<row_range> candidates(std::span<const row_class> tested, std::int32_t most_rows) {
    std::vector<row_range> out;
    for (const auto run : runs(tested)) {
        if (run.front().rows > most_rows) continue;
        out.push_back({run.front().rows, run.back().rows});
        auto within = run;
        while (within.back().rows > most_rows)
            within = within.first(within.size() - 1);
        if (within.size() < run.size()) out.push_back({within.front().rows, within.back().rows});
    }
    return out;
}

std::string describe(std::span<const row_class> tested) {
    std::string out;
    for (const auto run : runs(tested)) {
        out += (out.empty() ? "" : "; ") + std::to_string(run.front().rows);
        if (run.size() > 1) out += " to " + std::to_string(run.back().rows);
    }
    return out;
}

} // namespace tw::exactness
