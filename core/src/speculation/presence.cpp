// Drafters that come and go: places for them, and who can be asked now.
#include <algorithm>

#include "speculation/speculator.hpp"

namespace tw {

bool speculator::reachable(const drafter& each) const {
    if (!each.present()) return false;
    if (!each.fallback) return true;
    return std::none_of(drafters_.begin(), drafters_.end(),
                        [](const drafter& other) { return other.present() && !other.fallback; });
}

// Gives a drafter the first free place; the answers that run learn of it.
std::size_t speculator::admit(drafter_offer offer) {
    const auto free = std::find_if(drafters_.begin(), drafters_.end(), [](const auto& each) { return each.link == nullptr; });
    const auto index = static_cast<std::size_t>(free - drafters_.begin());
    if (free == drafters_.end()) drafters_.emplace_back();
    draft_path::admit(rates_, index, 400);
    for (auto& [sequence, of] : answers_) {
        of.path.admit(index);
        if (of.ears.size() == index) of.ears.emplace_back();
        of.ears[index] = {.epoch = of.ears[index].epoch};
    }
    auto& made = drafters_[index];
    made = {};
    made.name = std::move(offer.name);
    made.fallback = offer.fallback;
    made.streams = options_.mode == speculator_options::way::streaming;
    made.link = offer.make(inbox_, index);
    made.here = made.link->longest() > 0;
    return index;
}

std::size_t speculator::join(drafter_offer offer) {
    const std::lock_guard lock(mutex_);
    const auto ticket = admit(std::move(offer));
    remember();
    return ticket;
}

void speculator::leave(std::size_t ticket) {
    const std::lock_guard lock(mutex_);
    drafters_[ticket].link.reset(); // nothing is put under this index any more
    inbox_.forget(ticket);
    for (auto& [sequence, of] : answers_) of.ears[ticket] = {.epoch = of.ears[ticket].epoch};
    remember();
}

void speculator::when_drafters_change(std::function<void()> tell) { inbox_.when_presence_changes(std::move(tell)); }

} // namespace tw
