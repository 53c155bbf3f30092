// Back-off by doubling.
#include "pipeline/server_health.hpp"

#include <algorithm>

namespace tw {

void server_health::note(const std::optional<error>& failure, clock::time_point now) {
    const std::lock_guard lock(mutex_);
    if (failure && failure->code == code::cancelled) return; // says nothing
    unreached_ = failure && (failure->code == code::unavailable || failure->code == code::timed_out);
    const bool failed = unreached_ || (failure && (failure->code == code::corrupt || failure->code == code::denied));
    failures_ = failed ? failures_ + 1 : 0;
    down_until_ = {};
    if (failed) down_until_ = now + std::chrono::seconds{std::min(10, 1 << std::min(failures_ - 1, 4))};
    changed_.notify_all();
}

bool server_health::is_up(clock::time_point now) const {
    const std::lock_guard lock(mutex_);
    return now >= down_until_ && !(unreached_ && looked_after_);
}

int server_health::failures() const {
    const std::lock_guard lock(mutex_);
    return failures_;
}

bool server_health::wait_for_turn(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    looked_after_ = true;
    while (!stop.stop_requested()) {
        if (!unreached_) {
            changed_.wait(lock, stop, [this] { return unreached_; });
            continue;
        }
        const auto turn = down_until_;
        if (clock::now() >= turn) return true;
        changed_.wait_until(lock, stop, turn, [&] { return down_until_ != turn; });
    }
    return false;
}

void server_health::leave_alone() {
    const std::lock_guard lock(mutex_);
    looked_after_ = false;
}

} // namespace tw
