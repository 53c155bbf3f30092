// What runs and what is to be done, under one lock.
#include "pipeline/replica_desk.hpp"

#include <utility>

#include "pipeline/replicated_answer.hpp"

namespace tw {

void replica_desk::enter(const std::shared_ptr<generation>& one) {
    const std::lock_guard lock(mutex_);
    present_.emplace(one.get(), one);
}

void replica_desk::leave(const generation* one) {
    const std::lock_guard lock(mutex_);
    present_.erase(one);
    changed_.notify_all();
}

std::vector<std::shared_ptr<generation>> replica_desk::present() const {
    std::vector<std::shared_ptr<generation>> out;
    const std::lock_guard lock(mutex_);
    for (const auto& [key, one] : present_)
        if (auto held = one.lock()) out.push_back(std::move(held));
    return out;
}

void replica_desk::wait_until_empty() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return present_.empty(); });
}

void replica_desk::post(replica_job job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    changed_.notify_all();
}

std::optional<replica_job> replica_desk::next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
    if (jobs_.empty()) return std::nullopt;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
}

void replica_desk::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

} // namespace tw
