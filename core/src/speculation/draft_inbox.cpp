// The box in which drafters leave what they have.
#include <utility>

#include "speculation/draft_link.hpp"

namespace tw {

void draft_inbox::put(std::size_t drafter, std::vector<drafter_reply>& replies) {
    if (replies.empty()) return;
    {
        const std::lock_guard lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        for (auto& reply : replies)
            std::visit([&](auto& what) { items_.push_back({drafter, std::move(what), now}); }, reply);
    }
    replies.clear();
    arrived_.notify_one();
}

void draft_inbox::put(std::size_t drafter, drafter_event event) {
    const bool presence = std::holds_alternative<drafter_away>(event) || std::holds_alternative<drafter_back>(event);
    std::function<void()> tell;
    {
        const std::lock_guard lock(mutex_);
        items_.push_back({drafter, std::move(event), std::chrono::steady_clock::now()});
        if (presence) {
            tell = presence_;
            untold_ = !tell;
        }
    }
    arrived_.notify_one();
    if (tell) tell();
}

void draft_inbox::when_presence_changes(std::function<void()> tell) {
    bool untold = false;
    {
        const std::lock_guard lock(mutex_);
        presence_ = tell;
        untold = std::exchange(untold_, false);
    }
    if (untold) tell();
}

void draft_inbox::forget(std::size_t drafter) {
    const std::lock_guard lock(mutex_);
    std::erase_if(items_, [&](const item& each) { return each.drafter == drafter; });
}

std::vector<draft_inbox::item> draft_inbox::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(items_, {});
}

bool draft_inbox::wait(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    return arrived_.wait_until(lock, deadline, [&] { return !items_.empty(); });
}

} // namespace tw
