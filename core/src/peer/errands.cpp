// One loop: jobs first, then the tick when it is due.
#include "peer/errands.hpp"

#include <utility>

namespace tw::peer {

errands::errands(std::chrono::milliseconds every, std::function<void()> tick)
    : every_(every), tick_(std::move(tick)), thread_([this] { run(); }) {}

errands::~errands() { stop(); }

bool errands::post(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return false;
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

void errands::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void errands::run() {
    auto due = std::chrono::steady_clock::now() + every_;
    for (;;) {
        std::vector<std::function<void()>> jobs;
        bool last = false;
        {
            std::unique_lock lock(mutex_);
            wake_.wait_until(lock, due, [this] { return stopping_ || !jobs_.empty(); });
            jobs = std::exchange(jobs_, {});
            last = stopping_ && jobs.empty();
        }
        if (last) return;
        for (auto& job : jobs) {
            job();
            job = nullptr; // what it holds is let go here
        }
        if (std::chrono::steady_clock::now() < due) continue;
        if (tick_) tick_();
        due = std::chrono::steady_clock::now() + every_;
    }
}

} // namespace tw::peer
