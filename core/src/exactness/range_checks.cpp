// Whether the logits stay the same while every pass stays in a range.
#include "exactness/range_checks.hpp"

#include <algorithm>
#include <array>

namespace tw::exactness {
namespace {

constexpr std::int32_t odd_chunk = 37;
constexpr std::int32_t decoded_cells = 32;
constexpr std::int32_t crowd_window = 12;
constexpr std::array<std::int32_t, 3> crowds{1, 3, 7}; // other sequences

bool begins(const digests& whole, const digests& part) {
    return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

std::string beside(std::int32_t n) {
    return "Beside " + std::to_string(n) + (n == 1 ? " other sequence" : " other sequences");
}

std::string in_passes_of(row_range range) {
    if (range.least == range.most) return " (passes of " + std::to_string(range.least) + " rows)";
    return " (passes of " + std::to_string(range.least) + " to " + std::to_string(range.most) +
           " rows)";
}

} // namespace

std::optional<std::string> range_checks::fault(row_range range, const digests& expected) {
    range_ = range;
    expected_ = expected;
    const auto chunk = std::min(range.most, plan_.prefill_rows);
    if (chunk < plan_.prefill_rows || range.least > 1) {
        // The base was read in passes that are no part of this range, so its own cells come first.
        read_tail(chunk);
        const auto rows = std::min(range.most, plan_.most_rows);
        expected_ = bench_->window(plan_.ours, plan_.depth, plan_.window, rows);
    } else if (tail_chunk_ != 0) {
        read_tail(chunk);
    }
    const auto other = chunk > odd_chunk ? odd_chunk : std::max(range.least, chunk - 1);
    if (other != chunk && prefill_matters(other))
        return "A prompt read in chunks of " + std::to_string(other) +
               " rows is followed by other logits than one "
               "read in chunks of " +
               std::to_string(chunk) + in_passes_of(range) + ".";
    if (rejected_drafts_matter())
        return "The logits differ after rejected drafts were rolled back" + in_passes_of(range) +
               ".";
    for (const auto n : crowds)
        if (n < bench_->sequences() && waiting_sequences_matter(n))
            return beside(n) + " that wait the logits differ" + in_passes_of(range) + ".";
    return {};
}

std::optional<std::string> range_checks::fault_beside_others() {
    for (const auto n : crowds) {
        if (n >= bench_->sequences()) continue;
        const auto fewest = (range_.least + n) / (n + 1), most = std::min(range_.most, plan_.most_rows) / (n + 1);
        if (fewest > most) continue;
        const auto first = first_of_crowd(n);
        bench_->cut(plan_.ours, plan_.depth);
        refill(first, n, 0);
        if (crowd_differs(first, n, fewest) || (most > fewest && crowd_differs(first, n, most)))
            return beside(n) + " the logits differ" + in_passes_of(range_) + ".";
    }
    return {};
}

bool range_checks::wanted_rows_matter() {
    const auto rows = std::min({range_.most, plan_.most_rows, 8});
    const auto some =
        bench_->window(plan_.ours, plan_.depth, plan_.window / rows * rows, rows, wanted::last);
    for (std::size_t i = 0; i < some.size(); ++i)
        if (some[i] != expected_[(i + 1) * static_cast<std::size_t>(rows) - 1]) return true;
    return false;
}

bool range_checks::decoded_cells_matter() {
    bench_->cut(plan_.ours, plan_.depth - std::min(decoded_cells, plan_.tail));
    while (bench_->held(plan_.ours) < plan_.depth)
        static_cast<void>(bench_->pass({{plan_.ours, 1, range_.least - 1}}, plan_.ours));
    tail_chunk_ = -1;
    return window_differs(plan_.window);
}

void range_checks::read_tail(std::int32_t chunk) {
    bench_->cut(plan_.ours, plan_.depth - plan_.tail);
    bench_->fill(plan_.ours, plan_.depth, chunk, range_.least);
    tail_chunk_ = chunk;
}

bool range_checks::window_differs(std::int32_t count) {
    const auto rows = std::min(range_.most, plan_.most_rows);
    return !begins(expected_, bench_->window(plan_.ours, plan_.depth, count, rows));
}

bool range_checks::prefill_matters(std::int32_t other_chunk) {
    read_tail(other_chunk);
    return window_differs(plan_.window);
}

// As speculation goes: passes of every size the range allows, of which one or two rows stand.
bool range_checks::rejected_drafts_matter() {
    const auto most = std::min(range_.most, plan_.most_rows);
    const std::array<std::int32_t, 3> sizes{most, range_.least, (most + range_.least) / 2};
    bench_->cut(plan_.ours, plan_.depth);
    digests got;
    for (std::size_t i = 0; got.size() + 2 <= static_cast<std::size_t>(std::min(10, plan_.window));
         ++i) {
        const auto room = plan_.span - static_cast<std::int32_t>(got.size());
        const auto rows = std::min(sizes[i % sizes.size()], room);
        if (rows < range_.least) break;
        const auto right = std::min(rows, 1 + static_cast<std::int32_t>(i % 2));
        const auto part = bench_->pass({{plan_.ours, right, rows - right}}, plan_.ours);
        got.insert(got.end(), part.begin(), part.end());
    }
    return !begins(expected_, got);
}

std::int32_t range_checks::first_of_crowd(std::int32_t n) const {
    return std::clamp(plan_.ours - (n + 1) / 2, 0, bench_->sequences() - n - 1);
}

// Whoever is served alone must not notice what the others left behind.
bool range_checks::waiting_sequences_matter(std::int32_t n) {
    const auto first = first_of_crowd(n);
    bench_->cut(plan_.ours, plan_.depth);
    refill(first, n, 2);
    const bool differs = window_differs(std::min(crowd_window, plan_.window));
    for (auto seq = first; seq <= first + n; ++seq)
        if (seq != plan_.ours) bench_->cut(seq, 0);
    return differs;
}

bool range_checks::crowd_differs(std::int32_t first, std::int32_t n, std::int32_t rows_each) {
    const auto count = std::min(crowd_window, plan_.window);
    bench_->cut(plan_.ours, plan_.depth);
    digests got;
    bool refilled = false;
    while (static_cast<std::int32_t>(got.size()) < count) {
        if (!refilled && static_cast<std::int32_t>(got.size()) >= count / 2) {
            refill(first, n, 1);
            refilled = true;
        }
        std::vector<share> shares;
        for (auto seq = first; seq <= first + n; ++seq)
            shares.push_back({seq, rows_each, 0});
        const auto part = bench_->pass(shares, plan_.ours);
        got.insert(got.end(), part.begin(), part.end());
    }
    got.resize(static_cast<std::size_t>(count));
    return !begins(expected_, got);
}

// Short texts of unequal lengths, which `variant` changes.
void range_checks::refill(std::int32_t first, std::int32_t n, std::int32_t variant) {
    for (auto seq = first; seq <= first + n; ++seq) {
        if (seq == plan_.ours) continue;
        bench_->cut(seq, 0);
        bench_->fill(seq, 3 + (seq * 5 + variant * 7) % 17,
                     std::min(range_.most, plan_.prefill_rows), range_.least);
    }
}

} // namespace tw::exactness
