// One probing of an engine, from the first pass to the verdict.
#include "exactness/prober.hpp"

#include <algorithm>

namespace tw::exactness {
namespace {

constexpr std::size_t most_candidates = 4; // each costs about a third of the probe
constexpr std::size_t fewest_times = 5;

struct stopped_early {};

} // namespace

prober::prober(engine& model, const probe_options& options,
               const std::function<bool(float)>& progress)
    : options_(options), info_(model.info()), plan_(plan::of(info_, options)),
      stage_(model, progress, plan_.weight()) {
    report_.rows = {1, info_.n_batch};
    for (std::int32_t seq = 0; seq < std::min(info_.n_seq, used_sequences); ++seq)
        if (const auto cut = model.truncate(seq, 0); !cut) throw halted{cut.error()};
}

exactness_report prober::run() {
    try {
        measure();
        report_.complete = plan_.depth >= deep_cells || plan_.depth + plan_.span == info_.n_ctx;
    } catch (const stopped_early&) {
        report_.kind = exactness_class::numeric;
        report_.rows = {1, info_.n_batch};
    }
    report_.cells = stage_.most_cells();
    report_.plain_ms = stage_.median_ms(1);
    report_.padded_ms = report_.kind == exactness_class::shape_class
                            ? stage_.median_ms(report_.rows.least)
                            : report_.plain_ms;
    return std::move(report_);
}

void prober::measure() {
    for (const auto rows : plan_.counts)
        if (rows <= plan_.most_rows) {
            stage_.cut(plan_.ours, 0);
            samples_.push_back({rows, stage_.window(plan_.ours, 0, plan_.shallow, rows), {}});
            compare_early(samples_.back());
        }
    stage_.cut(plan_.ours, 0);
    stage_.fill(plan_.ours, plan_.depth, plan_.prefill_rows);
    stage_.keep_times();
    if (!repeats()) return;
    for (std::size_t i = 1; i < samples_.size(); ++i) {
        samples_[i].deep = stage_.window(plan_.ours, plan_.depth, plan_.window, samples_[i].rows);
        compare_early(samples_[i]);
    }
    group();
    choose();
}

// One row at a time twice over, the second time after a roll-back.
bool prober::repeats() {
    const auto single = [&] { return stage_.window(plan_.ours, plan_.depth, plan_.window, 1); };
    auto& first = samples_.front().deep;
    first = single();
    if (single() == first) return true;
    stage_.cut(plan_.ours, 0);
    stage_.fill(plan_.ours, plan_.depth, plan_.prefill_rows);
    differs(single() == first
                ? "The logits differ after a roll-back, so no draft can be taken back exactly."
                : "The same passes over the same text gave other logits the second time.");
    return false;
}

void prober::compare_early(const sample& other) {
    if (!options_.stop_at_first_difference) return;
    const auto& one = samples_.front();
    if (other.start == one.start && (other.deep.empty() || other.deep == one.deep)) return;
    differs("In a pass of " + std::to_string(other.rows) +
            " rows the logits differ from those of one row at a time, with " +
            std::to_string(stage_.held(plan_.ours)) + " cells in use.");
}

void prober::differs(std::string sentence) {
    report_.findings.push_back(std::move(sentence));
    if (options_.stop_at_first_difference) throw stopped_early{};
}

void prober::group() {
    for (const auto& each : samples_) {
        const auto same = std::find_if(groups_.begin(), groups_.end(), [&](const sample* other) {
            return other->start == each.start && other->deep == each.deep;
        });
        if (same == groups_.end()) {
            tested_.push_back({each.rows, groups_.size()});
            groups_.push_back(&each);
        } else {
            tested_.push_back({each.rows, static_cast<std::size_t>(same - groups_.begin())});
        }
    }
    auto next = groups_.size();
    for (const auto rows : plan_.counts)
        if (rows > plan_.most_rows) {
            const auto found = group_of_prefill(rows);
            tested_.push_back({rows, found ? *found : next++});
            if (options_.stop_at_first_difference && tested_.back().group != 0)
                differs("In a pass of " + std::to_string(rows) +
                        " rows the logits differ from those of one row at a time.");
        }
    if (next == 1) return;
    const auto& start = samples_.front().start;
    const bool hidden =
        groups_.size() > 1 && std::all_of(samples_.begin(), samples_.end(),
                                          [&](const auto& each) { return each.start == start; });
    differs("The logits depend on the rows of a pass; these agree among themselves: " +
            describe(tested_) + (hidden ? " (in short contexts all of them seem to)." : "."));
}

// In a short context a long pass must begin before the window, so the groups are asked there too.
std::optional<std::size_t> prober::group_of_prefill(std::int32_t rows) {
    const auto from = plan_.anchor(rows, info_.n_ctx);
    lowest_ = std::min(lowest_, from);
    const auto got = stage_.window(plan_.ours, from, plan_.window, rows);
    for (std::size_t i = 0; i < groups_.size(); ++i) {
        const auto& there = from == plan_.depth
                                ? groups_[i]->deep
                                : stage_.window(plan_.ours, from, plan_.window, groups_[i]->rows);
        if (there == got) return i;
    }
    return {};
}

void prober::choose() {
    stage_.cut(plan_.ours, lowest_);
    stage_.fill(plan_.ours, plan_.depth, plan_.prefill_rows);
    auto ranges = candidates(tested_, plan_.most_rows);
    for (const auto range : ranges)
        while (stage_.times(range.least) < fewest_times)
            static_cast<void>(stage_.window(plan_.ours, plan_.depth, range.least, range.least));
    const row_range alone{1, 1};
    std::stable_sort(ranges.begin(), ranges.end(), [&](const auto& a, const auto& b) {
        if ((a == alone) != (b == alone)) return b == alone;
        return padded_cost(a) < padded_cost(b);
    });
    // One row at a time, which allows no drafts, stays as the last resort.
    if (ranges.size() > most_candidates)
        ranges.erase(ranges.begin() + most_candidates - 1, ranges.end() - 1);
    range_checks checks(stage_, plan_);
    const auto fault = [&](row_range range) { return checks.fault(range, groups_[group_with(range.least)]->deep); };
    std::optional<row_range> lonely; // exact for one sequence a pass, which leaves room for drafts where {1, 1} has none
    for (const auto range : ranges) {
        if (range == alone && lonely) break;
        if (auto found = fault(range)) {
            differs(std::move(*found));
            continue;
        }
        auto beside = checks.fault_beside_others();
        if (!beside) return take(range, false, checks);
        differs(std::move(*beside));
        if (!lonely) lonely = range;
    }
    if (lonely && !fault(*lonely)) take(*lonely, true, checks);
}

// A range of one size counts double: it fixes the draft's length, and few sequences fit a pass.
double prober::padded_cost(row_range range) const {
    return stage_.median_ms(range.least) * (range.least == range.most ? 2 : 1);
}

void prober::take(row_range range, bool one_sequence, range_checks& checks) {
    report_.kind = exactness_class::shape_class;
    report_.rows = range;
    report_.one_sequence = one_sequence;
    const bool any_rows = range == row_range{tested_.front().rows, tested_.back().rows};
    const bool any_wanted = any_rows && !checks.wanted_rows_matter();
    if (any_rows && !any_wanted)
        differs("The logits of a row depend on how many rows of its pass want theirs.");
    report_.reusable = !checks.decoded_cells_matter();
    if (!report_.reusable)
        differs("A text that was answered is followed by other logits than the same text read as a "
                "prompt.");
    if (any_wanted && report_.reusable && !one_sequence) {
        report_.kind = exactness_class::bitwise;
        report_.rows = {1, info_.n_batch};
    }
}

std::size_t prober::group_with(std::int32_t rows) const {
    return std::find_if(tested_.begin(), tested_.end(),
                        [&](const auto& each) { return each.rows == rows; })
        ->group;
}

} // namespace tw::exactness
