// Sums of speculation figures.
#include "scheduler/generation.hpp"

namespace tw {

speculation_stats& speculation_stats::operator+=(const speculation_stats& other) {
    rounds += other.rounds;
    drafted += other.drafted;
    accepted += other.accepted;
    bonus += other.bonus;
    tokens += other.tokens;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        sources[i].drafted += other.sources[i].drafted;
        sources[i].accepted += other.sources[i].accepted;
    }
    queue_s += other.queue_s;
    prefill_s += other.prefill_s;
    draft_s += other.draft_s;
    verify_s += other.verify_s;
    total_s += other.total_s;
    return *this;
}

} // namespace tw
