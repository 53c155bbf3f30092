// Where the probe looks: how deep, at how many positions, in passes of how many rows.
#pragma once

#include <cstdint>
#include <vector>

#include "exactness/probe.hpp"

namespace tw::exactness {

inline constexpr std::int32_t deep_cells = 512;      // no fewer count: short contexts flatter
inline constexpr std::int32_t shortest_context = 64; // below it the windows do not fit

// For contexts of at least `shortest_context` tokens.
struct plan {
    std::int32_t ours =
        0; // the probed sequence; with neighbours on both sides where there are some
    std::int32_t depth = 0;   // cells in use before the compared window
    std::int32_t window = 0;  // positions compared there
    std::int32_t span = 0;    // positions that passes over the window may touch
    std::int32_t shallow = 0; // positions compared at the start of the context
    std::int32_t tail = 0;    // of the cells before the window, those that are made in several ways
    std::int32_t most_rows = 0;    // as the options, cut to what batch and context allow
    std::int32_t prefill_rows = 0; // likewise
    std::vector<std::int32_t>
        counts; // row counts to test, ascending; those above most_rows are for prefill

    [[nodiscard]] static plan of(const engine_info& info, const probe_options& options);

    // Where passes of `rows` rows can begin and still end inside the context.
    [[nodiscard]] std::int32_t anchor(std::int32_t rows, std::int32_t n_ctx) const;
    // What all passes weigh together, roughly, for the progress: 1 + rows for each.
    [[nodiscard]] double weight() const;
};

} // namespace tw::exactness
