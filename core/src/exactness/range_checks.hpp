// Whether the logits stay the same in everything serving does, as long as every pass stays in a
// range.
#pragma once

#include <optional>
#include <string>

#include "exactness/plan.hpp"
#include "exactness/stage.hpp"

namespace tw::exactness {

// Expects the probed sequence filled to plan.depth in chunks of plan.prefill_rows.
class range_checks {
  public:
    range_checks(stage& bench, const plan& where) : bench_(&bench), plan_(where) {}

    // What differed first, as a sentence; nothing when the range holds. `expected` are the digests
    // of the window in passes of the range's row counts, after cells from such a prefill.
    [[nodiscard]] std::optional<std::string> fault(row_range range, const digests& expected);

    // About the range that was found without fault last:
    // What differed beside rows of other sequences in the same pass.
    [[nodiscard]] std::optional<std::string> fault_beside_others();
    // Whether a row's logits change when the other rows of its pass want none.
    [[nodiscard]] bool wanted_rows_matter();
    // Whether cells that came from decoding, row by row, are followed by other logits than
    // prefill's.
    [[nodiscard]] bool decoded_cells_matter();

  private:
    [[nodiscard]] bool prefill_matters(std::int32_t other_chunk);
    [[nodiscard]] bool rejected_drafts_matter();
    [[nodiscard]] bool waiting_sequences_matter(std::int32_t n);
    [[nodiscard]] std::int32_t first_of_crowd(std::int32_t n) const;
    [[nodiscard]] bool crowd_differs(std::int32_t first, std::int32_t n, std::int32_t rows_each);
    void refill(std::int32_t first, std::int32_t n, std::int32_t variant);
    void read_tail(std::int32_t chunk);
    // The window as this range decodes it, against what is expected.
    [[nodiscard]] bool window_differs(std::int32_t count);

    stage* bench_;
    plan plan_;
    std::int32_t tail_chunk_ =
        0; // how the tail was read; 0 = by the base's prefill, -1 = otherwise
    row_range range_;
    digests expected_;
};

} // namespace tw::exactness
