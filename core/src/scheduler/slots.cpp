// Slots are taken as cache_choice says, and emptied oldest first.
#include "scheduler/slots.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "speculation/cache_choice.hpp"

namespace tw {

slots::slots(engine& target, bool reuse)
    : target_(target), reuse_(reuse && target.info().truncates), states_(static_cast<std::size_t>(target.info().n_seq)) {}

std::optional<slots::place> slots::take(std::span<const std::int32_t> prompt) {
    state* taken = nullptr;
    std::optional<cache_choice> best;
    for (auto& each : states_) {
        if (each.taken) continue;
        const cache_choice choice(each.tokens, each.asked, each.used_at, prompt);
        if (best && !choice.better(*best)) continue;
        best = choice;
        taken = &each;
    }
    if (taken == nullptr) return {};
    const auto slot = static_cast<std::int32_t>(taken - states_.data());
    if (taken->tokens.size() > best->shared()) cut(slot, best->shared());
    const auto cached = taken->tokens.size();
    taken->taken = true;
    taken->asked = prompt.size();
    taken->tokens.clear();
    return place{slot, cached};
}

void slots::give_back(std::int32_t slot, std::span<const std::int32_t> held) {
    auto& each = states_[static_cast<std::size_t>(slot)];
    each.taken = false;
    each.used_at = ++clock_;
    each.tokens.assign(held.begin(), held.end());
    if (!reuse_) cut(slot, 0);
}

std::int32_t slots::empty_one() {
    const auto oldest = std::min_element(states_.begin(), states_.end(), [](const state& a, const state& b) {
        return a.taken != b.taken ? b.taken : a.used_at < b.used_at;
    });
    const auto slot = static_cast<std::int32_t>(oldest - states_.begin());
    cut(slot, 0);
    return slot;
}

void slots::cut(std::int32_t slot, std::size_t length) {
    auto& each = states_[static_cast<std::size_t>(slot)];
    if (!target_.truncate(slot, static_cast<std::int32_t>(length))) {
        length = 0;
        if (const auto cleared = target_.truncate(slot, 0); !cleared)
            spdlog::error("event=slot_not_cleared slot={} why=\"{}\"", slot, cleared.error().message);
    }
    each.tokens.resize(std::min(each.tokens.size(), length));
}

} // namespace tw
