// Reading prompts: one chunk per turn, so that running answers go on in between.
#include <algorithm>

#include "scheduler/scheduler.hpp"

namespace tw {
namespace {

constexpr std::size_t read_at_once = 64; // rows whose logits are all wanted: what they take is rows times vocabulary

} // namespace

// One decode of prompt rows, the oldest answers first. The row of the last prompt token picks the answer's first
// token; in a shape class it is left for the first round, whose shape picks all tokens.
void scheduler::prefill() {
    rows_.clear();
    list chunk;
    auto room = std::min(static_cast<std::size_t>(options_.prefill_rows), most_rows());
    auto oldest_first = active_;
    std::stable_sort(oldest_first.begin(), oldest_first.end(),
                     [](const auto& a, const auto& b) { return a->started < b->started; });
    for (const auto& answer : oldest_first) {
        if (answer->finished || answer->prefilled() || room == 0) continue;
        if (shaped() && !chunk.empty()) break; // several sequences would make passes of other shapes
        const auto last = answer->tokens.size() - 1;
        const bool all = answer->request.prompt_logprobs &&
                         answer->prompt_likelihoods.size() < answer->request.prompt.size();
        const auto most = all ? std::min(room, read_at_once) : room;
        const auto n = std::min(most, (shaped() ? last : last + 1) - answer->cached);
        for (std::size_t i = 0; i < n; ++i) {
            const auto at = answer->cached + i;
            rows_.push_back({answer->slot, static_cast<std::int32_t>(at), answer->tokens[at], all || at == last});
        }
        room -= n;
        chunk.push_back(answer);
    }
    if (rows_.empty()) return;
    std::stable_sort(rows_.begin(), rows_.end(), [](const auto& a, const auto& b) { return a.seq < b.seq; });
    const auto read = rows_.size();
    while (rows_.size() < static_cast<std::size_t>(options_.least_rows)) {
        auto padding = rows_.back();
        ++padding.pos;
        rows_.push_back(padding);
    }
    const auto before = decode_.wall;
    const auto logits = decode();
    if (!logits) return fail_all(chunk, logits.error());
    for (const auto& answer : chunk) answer->stats.prefill_s += decode_.wall - before;
    const bool padded = rows_.size() > read;
    rows_.resize(read);
    list begun;
    std::int32_t logits_row = 0;
    for (const auto& row : rows_)
        for (const auto& answer : chunk) {
            if (answer->slot != row.seq) continue;
            answer->cached = static_cast<std::size_t>(row.pos) + 1;
            if (row.want_logits == 0) continue;
            const auto at = logits_row++;
            if (answer->cached < answer->tokens.size()) {
                const auto next = answer->tokens[answer->cached];
                answer->prompt_likelihoods.push_back(likelihood(*answer, next, logits->row(at)));
            } else {
                answer->first_row = at;
                begun.push_back(answer);
            }
        }
    conclude(begun, *logits, 0, 0);
    if (padded) static_cast<void>(target_->truncate(chunk.front()->slot, static_cast<std::int32_t>(chunk.front()->cached)));
}

} // namespace tw
