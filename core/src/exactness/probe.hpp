// Measures which batch shapes of an engine give the same bits: what "exact" means on this machine.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bridge/engine.hpp"

namespace tw {

enum class exactness_class {
    bitwise,     // any shape of a pass gives the same bits
    shape_class, // passes whose total rows stay inside a range do
    numeric,     // equal up to rounding, or not known to be more
};

// "bitwise", "shape-class", "numeric": as status, doctor and bench rows spell it.
[[nodiscard]] const char* name(exactness_class kind);

// Total rows of a pass, those of all sequences and padding included.
struct row_range {
    std::int32_t least = 1, most = 0;

    bool operator==(const row_range&) const = default;
};

// What staying exact asks of the passes:
// - bitwise: nothing; `rows` is 1 … n_batch.
// - shape_class: every pass, prefill too, has rows.least … rows.most rows, is padded up to that
// where
//   it has fewer and cut where it has more; in a pass that wants logits every row wants them,
//   padding too (the number of wanted rows is the shape of the output layer). {1, 1} = one row at a
//   time is all that agrees with itself: no drafts.
// - numeric: nothing is promised, `rows` is 1 … n_batch.
struct exactness_report {
    exactness_class kind = exactness_class::numeric;
    row_range rows;
    // Rows of another sequence in the same pass change bits: every pass has one sequence's alone. Only in a shape class.
    bool one_sequence = false;
    // Cells that came from decoding, inside `rows`, may stand in for cells from prefill: keeping an
    // answered text for the next prompt that begins with it changes no bit. Always so when bitwise.
    bool reusable = false;
    std::int32_t cells = 0; // most cells of one sequence in use while probing
    bool complete =
        false;           // to the end, with more than 512 cells in use, or all that the context has
    double plain_ms = 0; // median of one-row steps at that depth; 0 = not measured
    double padded_ms = 0; // the same step padded to rows.least (= plain_ms when that is 1)
    std::vector<std::string> findings; // one plain sentence per check that failed
};

struct probe_options {
    std::int32_t most_rows = 32;     // rows of a pass that speculation may use
    std::int32_t prefill_rows = 128; // rows of a pass that reads a prompt
    // Return at the first difference, as `numeric` and not complete: for a caller that has other
    // cache settings to try and takes the first that is bitwise.
    bool stop_at_first_difference = false;
};

// Decodes a text of hashed ids in many shapes and compares the logits bit by bit with one row at a
// time: row counts, two prefill chunkings, rejected drafts, cells that came from decoding against
// cells from prefill, neighbours in the same pass. Takes about as long as reading 2,000 tokens.
//
// The engine must serve nobody else meanwhile; the caches of its first eight sequences are empty
// afterwards. The calling thread is the one that decodes. `progress` gets 0 … 1 after every pass,
// may be empty, must not throw, and returns false to give up: code::cancelled. Other errors are the
// engine's own. An engine that cannot truncate is not decoded with at all and reported as numeric.
[[nodiscard]] result<exactness_report> probe(engine& model, const probe_options& options,
                                             const std::function<bool(float)>& progress);

} // namespace tw
