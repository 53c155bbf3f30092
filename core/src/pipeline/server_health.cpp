// Back-off by doubling.
#include "pipeline/server_health.hpp"

#include <algorithm>

namespace tw {

void server_health::note(const std::optional<error>& failure, clock::time_point now) {
    const std::lock_guard lock(mutex_);
    if (failure && failure->code == code::cancelled) return; // says nothing
    const bool failed = failure && (failure->code == code::unavailable || failure->code == code::timed_out);
    failures_ = failed ? failures_ + 1 : 0;
    down_until_ = {};
    if (!failed) return;
    const std::chrono::seconds pause{std::min(10, 1 << std::min(failures_ - 1, 4))};
    down_until_ = now + pause;
}

bool server_health::is_up(clock::time_point now) const {
    const std::lock_guard lock(mutex_);
    return now >= down_until_;
}

int server_health::failures() const {
    const std::lock_guard lock(mutex_);
    return failures_;
}

} // namespace tw
