// Kept by name, dropped by age; seats are destroyed outside the lock.
#include "peer/seat_shelf.hpp"

#include <iterator>
#include <utility>
#include <vector>

namespace tw::peer {

void seat_shelf::put(seat_key key, std::unique_ptr<drafter_seat> seat) {
    if (keep_.count() == 0) return;
    kept fresh{std::move(seat), std::chrono::steady_clock::now() + keep_};
    const std::lock_guard lock(mutex_);
    std::swap(seats_[std::move(key)], fresh);
}

std::unique_ptr<drafter_seat> seat_shelf::take(const seat_key& key) {
    const std::lock_guard lock(mutex_);
    auto found = seats_.extract(key);
    return found.empty() ? nullptr : std::move(found.mapped().seat);
}

void seat_shelf::drop_old() {
    std::vector<std::unique_ptr<drafter_seat>> old;
    const std::lock_guard lock(mutex_);
    for (auto at = seats_.begin(); at != seats_.end();) {
        const bool due = at->second.until <= std::chrono::steady_clock::now();
        if (due) old.push_back(std::move(at->second.seat));
        at = due ? seats_.erase(at) : std::next(at);
    }
}

void seat_shelf::clear() {
    std::map<seat_key, kept> all;
    const std::lock_guard lock(mutex_);
    all.swap(seats_);
}

std::size_t seat_shelf::size() const {
    const std::lock_guard lock(mutex_);
    return seats_.size();
}

} // namespace tw::peer
