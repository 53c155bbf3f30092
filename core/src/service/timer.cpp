// Calls after a delay, on the pool.
#include "service/timer.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace tw {

struct timer::state {
    using clock = std::chrono::steady_clock;

    pool* runs_on = nullptr;
    std::mutex lock;
    std::condition_variable wake;
    std::map<std::pair<clock::time_point, std::uint64_t>, std::function<void()>> due;
    std::unordered_map<std::uint64_t, clock::time_point> times; // of what is in `due`
    std::uint64_t last_id = 0;
    bool stopping = false;
    std::thread thread;

    void work() {
        std::unique_lock guard(lock);
        while (!stopping) {
            if (due.empty()) {
                wake.wait(guard);
                continue;
            }
            const auto first = due.begin();
            const auto when = first->first.first;
            if (clock::now() < when) {
                wake.wait_until(guard, when);
                continue;
            }
            auto job = std::move(first->second);
            times.erase(first->first.second);
            due.erase(first);
            // The pool outlives this thread and stops after it, so it takes what is due.
            static_cast<void>(runs_on->post_due(std::move(job)));
        }
    }
};

timer::timer(pool& runs_on) : state_(std::make_shared<state>()) {
    state_->runs_on = &runs_on;
    state_->thread = std::thread([shared = state_] { shared->work(); });
}

timer::~timer() {
    stop();
}

std::uint64_t timer::start(std::chrono::milliseconds delay, std::function<void()> job) {
    constexpr std::chrono::milliseconds none{0}, year = std::chrono::hours{24 * 365};
    const auto when = state::clock::now() + std::clamp(delay, none, year);
    std::uint64_t id = 0;
    {
        const std::lock_guard guard(state_->lock);
        if (state_->stopping) return 0;
        id = ++state_->last_id;
        state_->due.emplace(std::pair{when, id}, std::move(job));
        state_->times.emplace(id, when);
    }
    state_->wake.notify_one();
    return id;
}

bool timer::cancel(std::uint64_t id) {
    std::function<void()> dropped; // destroyed after the lock is released
    const std::lock_guard guard(state_->lock);
    const auto at = state_->times.find(id);
    if (at == state_->times.end()) return false;
    const auto job = state_->due.find({at->second, id});
    dropped = std::move(job->second);
    state_->due.erase(job);
    state_->times.erase(at);
    return true;
}

void timer::stop() {
    std::thread thread;
    {
        const std::lock_guard guard(state_->lock);
        state_->stopping = true;
        thread.swap(state_->thread);
    }
    state_->wake.notify_all();
    if (thread.joinable()) thread.join();
}

} // namespace tw
