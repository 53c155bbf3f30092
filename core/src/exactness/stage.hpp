// The engine on the probe's bench: passes over a fixed text, digests of what comes back, times.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "bridge/engine.hpp"

namespace tw::exactness {

using digests = std::vector<std::uint64_t>; // one per row of logits, in the order of positions

// Thrown inside this room, caught at its border.
struct halted {
    error why;
};

// What one sequence brings to a pass: the next `right` tokens of its text, then `wrong` tokens of
// no text (a draft that will be rejected, or padding).
struct share {
    std::int32_t seq = 0, right = 0, wrong = 0;
};

enum class wanted { every, none, last };

// Every sequence has a text of its own, a function of (sequence, position), and is only ever fed
// from its start; `held` says how far. Throws `halted` when the engine fails or the caller gives
// up.
class stage {
  public:
    // `weight`: what all passes together are expected to weigh, a pass being 1 + its rows.
    stage(engine& model, const std::function<bool(float)>& progress, double weight);

    [[nodiscard]] std::int32_t held(std::int32_t seq) const {
        return held_.at(static_cast<std::size_t>(seq));
    }
    [[nodiscard]] std::int32_t sequences() const { return static_cast<std::int32_t>(held_.size()); }
    [[nodiscard]] std::int32_t most_cells() const { return most_cells_; }

    // The cache of `seq` keeps `length` tokens.
    void cut(std::int32_t seq, std::int32_t length);

    // One pass, shares in ascending order of sequences. The digests are those of `ours`'s right
    // rows; wrong rows are cut off afterwards.
    digests pass(const std::vector<share>& shares, std::int32_t ours, wanted want = wanted::every);

    // Reads the text of `seq` up to `length` in passes of `chunk` rows, the last padded to `least`.
    void fill(std::int32_t seq, std::int32_t length, std::int32_t chunk, std::int32_t least = 1);

    // The digests of positions `from` … `from + count - 1` of `seq`, decoded in passes of `rows`
    // rows that begin at `from`.
    digests window(std::int32_t seq, std::int32_t from, std::int32_t count, std::int32_t rows,
                   wanted want = wanted::every);

    // From here on `window` keeps its times.
    void keep_times() { keep_times_ = true; }
    // Median milliseconds of a pass of `rows` rows, 0 when there was none.
    [[nodiscard]] double median_ms(std::int32_t rows) const;
    [[nodiscard]] std::size_t times(std::int32_t rows) const;

  private:
    [[nodiscard]] std::int32_t token(std::int32_t seq, std::int32_t position, bool right) const;

    engine* model_;
    const std::function<bool(float)>* progress_;
    double weight_, done_ = 0;
    std::vector<std::int32_t> ids_; // those a text may contain
    std::vector<std::int32_t> held_;
    std::int32_t most_cells_ = 0;
    std::vector<tw_row> rows_;
    bool keep_times_ = false;
    double last_ms_ = 0;
    std::map<std::int32_t, std::vector<double>> times_;
};

} // namespace tw::exactness
