// Running answers and jobs under one lock.
#include "pipeline/replica_desk.hpp"

#include <utility>

#include "pipeline/replicated_answer.hpp"

namespace tw {

void replica_desk::enter(const std::shared_ptr<replicated_answer>& answer) {
    const std::lock_guard lock(mutex_);
    answers_.emplace(answer.get(), answer);
}

void replica_desk::leave(const replicated_answer* answer) {
    const std::lock_guard lock(mutex_);
    answers_.erase(answer);
    changed_.notify_all();
}

std::vector<std::shared_ptr<replicated_answer>> replica_desk::present() const {
    std::vector<std::shared_ptr<replicated_answer>> out;
    const std::lock_guard lock(mutex_);
    for (const auto& [key, answer] : answers_)
        if (auto held = answer.lock()) out.push_back(std::move(held));
    return out;
}

void replica_desk::wait_until_empty() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return answers_.empty(); });
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
