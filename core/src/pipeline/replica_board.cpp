// Choosing among replicas.
#include "pipeline/replica_board.hpp"

#include <algorithm>

namespace tw {
namespace {

using steady = std::chrono::steady_clock;

constexpr std::size_t least_shared_bytes = 256;

} // namespace

std::optional<std::size_t> replica_board::take(std::span<const candidate> candidates, const prompt_chain& prompt) {
    const std::lock_guard lock(mutex_);
    const auto now = steady::now();
    const auto rank = [&](const candidate& each) {
        return (each.preferred ? 0 : 2) + (entries_[each.index].busy_until > now ? 1 : 0);
    };
    std::vector<std::size_t> best;
    int best_rank = 4;
    for (const auto& each : candidates) {
        const int its = rank(each);
        if (its < best_rank) best.clear();
        best_rank = std::min(best_rank, its);
        if (its == best_rank) best.push_back(each.index);
    }
    if (best.empty()) return std::nullopt;

    const auto load = [&](std::size_t index) { return entries_[index].running; };
    auto chosen = *std::ranges::min_element(best, {}, load);
    const auto most_load = load(chosen) + 1;
    auto longest = std::max<std::size_t>(least_shared_bytes, entries_[chosen].prompts.shared(prompt) + 1);
    for (const auto index : best) {
        if (load(index) > most_load) continue;
        if (const auto shared = entries_[index].prompts.shared(prompt); shared >= longest) {
            longest = shared + 1;
            chosen = index;
        }
    }
    ++entries_[chosen].running;
    return chosen;
}

void replica_board::accepted(std::size_t index, const prompt_chain& prompt) {
    const std::lock_guard lock(mutex_);
    entries_[index].prompts.remember(prompt);
}

void replica_board::rest(std::size_t index, std::chrono::milliseconds busy_for) {
    const std::lock_guard lock(mutex_);
    auto& until = entries_[index].busy_until;
    until = std::max(until, steady::now() + std::min<std::chrono::milliseconds>(busy_for, std::chrono::minutes(1)));
}

bool replica_board::rests(std::size_t index) const {
    const std::lock_guard lock(mutex_);
    return entries_[index].busy_until > steady::now();
}

void replica_board::left(std::size_t index) {
    const std::lock_guard lock(mutex_);
    --entries_[index].running;
}

void replica_board::moved() {
    const std::lock_guard lock(mutex_);
    ++moves_;
}

std::size_t replica_board::running(std::size_t index) const {
    const std::lock_guard lock(mutex_);
    return entries_[index].running;
}

std::uint64_t replica_board::moves() const {
    const std::lock_guard lock(mutex_);
    return moves_;
}

} // namespace tw
