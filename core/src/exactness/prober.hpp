// One probing of an engine, from the first pass to the verdict.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "exactness/plan.hpp"
#include "exactness/range_checks.hpp"
#include "exactness/row_classes.hpp"
#include "exactness/stage.hpp"

namespace tw::exactness {

inline constexpr std::int32_t used_sequences = 8; // the probed one and seven neighbours

// For an engine that truncates. First the row counts are compared, then the ranges of those that
// agree are tried, the best first, until everything that serving does holds inside one. Throws
// `halted`.
class prober {
  public:
    // Keeps references to both until `run` has returned.
    prober(engine& model, const probe_options& options, const std::function<bool(float)>& progress);

    [[nodiscard]] exactness_report run(); // once

  private:
    // What passes of one size gave, at the start of the context and deep in it.
    struct sample {
        std::int32_t rows = 0;
        digests start, deep;
    };

    void measure();
    [[nodiscard]] bool repeats();
    void compare_early(const sample& other);
    void group();
    [[nodiscard]] std::optional<std::size_t> group_of_prefill(std::int32_t rows);
    void choose();
    [[nodiscard]] double padded_cost(row_range range) const;
    void take(row_range range, bool one_sequence, range_checks& checks);
    void differs(std::string sentence);
    [[nodiscard]] std::size_t group_with(std::int32_t rows) const;

    const probe_options options_;
    const engine_info info_;
    const plan plan_;
    stage stage_;
    std::int32_t lowest_ = plan_.depth; // no cell before it was made anew since the base was read
    std::vector<sample> samples_;       // of the row counts speculation may use
    std::vector<const sample*> groups_; // the first of each
    std::vector<row_class> tested_;
    exactness_report report_;
};

} // namespace tw::exactness
