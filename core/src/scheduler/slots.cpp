// Slots by longest common prefix, then by age.
#include "scheduler/slots.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "speculation/prefix.hpp"

namespace tw {
namespace {

// A shorter agreement is not worth taking a slot that another conversation may come back to.
constexpr std::size_t worth_reusing = 8;

} // namespace

slots::slots(engine& target, bool reuse)
    : target_(target), reuse_(reuse && target.info().truncates), states_(static_cast<std::size_t>(target.info().n_seq)) {}

std::optional<slots::place> slots::take(std::span<const std::int32_t> prompt) {
    std::size_t longest = 0;
    state* best = nullptr;
    for (auto& each : states_) {
        if (each.taken) continue;
        auto shared = common_prefix(each.tokens, prompt.first(prompt.size() - 1));
        if (shared < std::min(worth_reusing, each.tokens.size())) shared = 0;
        if (best == nullptr || shared > longest || (shared == longest && each.used_at < best->used_at)) {
            best = &each;
            longest = shared;
        }
    }
    if (best == nullptr) return {};
    const auto slot = static_cast<std::int32_t>(best - states_.data());
    if (best->tokens.size() > longest) cut(slot, longest);
    longest = best->tokens.size();
    best->taken = true;
    best->tokens.clear();
    return place{slot, longest};
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
