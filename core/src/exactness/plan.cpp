// Where the probe looks.
#include "exactness/plan.hpp"

#include <algorithm>

#include "exactness/row_classes.hpp"

namespace tw::exactness {
namespace {

constexpr std::int32_t rounded_up(std::int32_t n, std::int32_t to) {
    return (n + to - 1) / to * to;
}

} // namespace

plan plan::of(const engine_info& info, const probe_options& options) {
    plan out;
    out.ours = std::min(3, (info.n_seq - 1) / 2);
    out.window = std::min(24, info.n_ctx / 8);
    out.shallow = 8;
    out.most_rows = std::clamp(options.most_rows, 1, std::min(info.n_batch, info.n_ctx / 4));
    out.prefill_rows = std::clamp(options.prefill_rows, 1, std::min(info.n_batch, info.n_ctx / 2));
    out.counts = row_counts(out.most_rows);
    for (const auto rows : out.counts)
        out.span = std::max(out.span, rounded_up(out.window, rows));
    for (const auto rows : {64, out.prefill_rows})
        if (rows > out.most_rows && rows <= std::max(out.prefill_rows, out.most_rows))
            out.counts.push_back(rows);
    std::sort(out.counts.begin(), out.counts.end());
    out.counts.erase(std::unique(out.counts.begin(), out.counts.end()), out.counts.end());
    out.depth = std::min(deep_cells + 8, info.n_ctx - out.span);
    out.tail = std::min(2 * 37, out.depth / 2);
    return out;
}

std::int32_t plan::anchor(std::int32_t rows, std::int32_t n_ctx) const {
    return std::min(depth, n_ctx - rounded_up(window, rows));
}

double plan::weight() const {
    double sum = depth + 900; // the base, and the checks of a range
    for (const auto rows : counts) {
        const auto deep = rounded_up(window, rows) / rows, start = rounded_up(shallow, rows) / rows;
        sum += (deep + (rows <= most_rows ? start : 0)) * (1 + rows);
    }
    return sum;
}

} // namespace tw::exactness
