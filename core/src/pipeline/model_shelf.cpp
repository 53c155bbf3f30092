// Loading, handing over, unloading.
#include "pipeline/model_shelf.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "base/text.hpp"

namespace tw {

std::optional<model_shelf::clock::time_point> model_shelf::entry::expiry() const {
    if (!idle() || !item.idle_timeout) return std::nullopt;
    return last_used + *item.idle_timeout;
}

std::size_t model_shelf::entry::waits() const {
    return static_cast<std::size_t>(std::count_if(waiting.begin(), waiting.end(), [](const auto& each) { return each->waits(); }));
}

model_shelf::model_shelf(std::uint64_t bytes) : bytes_(bytes), worker_([this] { work(); }) {}

model_shelf::~model_shelf() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    worker_.join();
}

std::size_t model_shelf::add(shelf_item item) {
    const std::lock_guard lock(mutex_);
    entries_.emplace_back().item = std::move(item);
    return entries_.size() - 1;
}

void model_shelf::remove(std::size_t id) {
    lock_type lock(mutex_);
    auto& which = entries_[id];
    which.removed = true;
    refuse(lock, which, fail(code::unavailable, "The server is stopping."));
    changed_.wait(lock, [&] { return !which.in_hand; });
    unload(lock, which, "removed");
}

pipeline* model_shelf::borrow(std::size_t id, std::size_t times) {
    const std::lock_guard lock(mutex_);
    auto& which = entries_[id];
    if (!which.loaded || which.leaving) return nullptr;
    which.running += times;
    return which.loaded.get();
}

void model_shelf::give_back(std::size_t id) {
    const std::lock_guard lock(mutex_);
    auto& which = entries_[id];
    --which.running;
    which.last_used = clock::now();
    changed_.notify_all();
}

result<void> model_shelf::enqueue(std::size_t id, std::shared_ptr<waiting_call> call) {
    const std::lock_guard lock(mutex_);
    auto& which = entries_[id];
    if (which.waiting.size() >= which.item.queue)
        std::erase_if(which.waiting, [](const auto& each) { return !each->waits(); });
    if (which.waiting.size() >= which.item.queue || which.removed) {
        auto busy = fail(code::busy, "The model of pipeline '" + which.item.name + "' is being loaded and " +
                                         std::to_string(which.waiting.size()) + " requests are waiting for it. Try again in a moment.");
        busy.retry_after = std::chrono::seconds{2};
        return busy;
    }
    which.waiting.push_back(std::move(call));
    want(which);
    return {};
}

void model_shelf::want(entry& which) {
    if (!std::exchange(which.wanted, true)) which.wanted_since = clock::now();
    changed_.notify_all();
}

model_shelf::description model_shelf::describe(std::size_t id) const {
    const std::lock_guard lock(mutex_);
    const auto& which = entries_[id];
    const auto there = which.leaving ? state::leaving : state::loaded;
    return {.how = which.loaded ? there : which.in_hand ? state::loading : state::unloaded,
            .progress = which.progress,
            .running = which.running,
            .waiting = which.waits(),
            .last_failure = which.last_failure};
}

nlohmann::json model_shelf::status_of(std::size_t id) {
    lock_type lock(mutex_);
    auto& which = entries_[id];
    if (!which.loaded) return nullptr;
    ++which.running; // so that it stays
    lock.unlock();
    auto out = which.loaded->status();
    lock.lock();
    --which.running;
    changed_.notify_all();
    return out;
}

void model_shelf::work() {
    lock_type lock(mutex_);
    while (!stopping_) {
        std::optional<std::size_t> first, expired;
        auto next = clock::now() + std::chrono::hours{1};
        for (std::size_t id = 0; id < entries_.size(); ++id) {
            const auto& each = entries_[id];
            if (each.wanted && (!first || each.wanted_since < entries_[*first].wanted_since)) first = id;
            const auto expiry = each.expiry();
            if (expiry && *expiry <= clock::now()) expired = id;
            if (expiry) next = std::min(next, *expiry);
        }
        if (expired) unload(lock, entries_[*expired], "idle");
        else if (first) serve(lock, *first);
        else changed_.wait_until(lock, next);
    }
}

void model_shelf::serve(lock_type& lock, std::size_t id) {
    auto& which = entries_[id];
    if (which.loaded) return hand_over(lock, id);
    const auto bytes = which.item.bytes;
    if (bytes > bytes_)
        return refuse(lock, which,
                      fail(code::unavailable, "The model of pipeline '" + which.item.name + "' takes about " + human_bytes(bytes) +
                                                  " and all models together may take " + human_bytes(bytes_) +
                                                  ". Lower its slots or context, or raise model_memory."));
    if (!which.waiting.empty() && which.waits() == 0) { // all who asked for it have gone
        which.waiting.clear();
        which.wanted = false;
        return;
    }
    if (used_ + bytes <= bytes_) load(lock, id);
    else make_room(lock);
}

// One step: unloads a pipeline, or waits for one to become idle.
void model_shelf::make_room(lock_type& lock) {
    entry *idle = nullptr, *used = nullptr;
    bool leaving = false;
    const auto older = [](const entry& one, const entry* other) { return other == nullptr || one.last_used < other->last_used; };
    for (auto& each : entries_) {
        if (!each.loaded) continue;
        leaving = leaving || each.leaving;
        auto*& oldest = each.idle() ? idle : used;
        if (older(each, oldest)) oldest = &each;
    }
    if (idle != nullptr) return unload(lock, *idle, "its memory is needed");
    if (used != nullptr && !leaving) used->leaving = true;
    changed_.wait(lock);
}

void model_shelf::load(lock_type& lock, std::size_t id) {
    auto& which = entries_[id];
    which.in_hand = true;
    which.progress = 0;
    lock.unlock();
    auto made = which.item.load([&which](float part) {
        which.progress = part;
        return !which.removed;
    });
    lock.lock();
    which.in_hand = false;
    changed_.notify_all();
    if (!made) {
        which.last_failure = made.error().message;
        spdlog::error("event=load_failed pipeline={} why=\"{}\"", which.item.name, which.last_failure);
        return refuse(lock, which, made.error());
    }
    which.loaded = std::move(*made);
    which.last_used = clock::now();
    which.last_failure.clear();
    used_ += which.item.bytes;
    if (!which.removed) hand_over(lock, id);
}

void model_shelf::hand_over(lock_type& lock, std::size_t id) {
    auto& which = entries_[id];
    auto calls = std::exchange(which.waiting, {});
    which.wanted = which.leaving = false;
    which.running += calls.size();
    which.in_hand = true;
    lock.unlock();
    for (const auto& call : calls)
        if (!call->begin(*which.loaded, [this, id] { give_back(id); })) give_back(id);
    calls.clear();
    lock.lock();
    which.in_hand = false;
    changed_.notify_all();
}

void model_shelf::unload(lock_type& lock, entry& which, const char* why) {
    auto gone = std::exchange(which.loaded, nullptr);
    if (!gone) return;
    which.leaving = false;
    lock.unlock();
    spdlog::info("event=unloading pipeline={} why=\"{}\"", which.item.name, why);
    gone.reset();
    lock.lock();
    used_ -= which.item.bytes;
    changed_.notify_all();
}

void model_shelf::refuse(lock_type& lock, entry& which, const error& why) {
    const auto calls = std::exchange(which.waiting, {});
    which.wanted = false;
    lock.unlock();
    for (const auto& call : calls) call->refuse(why);
    lock.lock();
    changed_.notify_all();
}

} // namespace tw
