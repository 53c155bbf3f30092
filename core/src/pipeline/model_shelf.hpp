// The pipelines that are loaded when they are asked for, and the memory that they share.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/waiting_call.hpp"

namespace tw {

struct shelf_item {
    std::string name; // [pipeline.NAME]
    // Loads it, on the shelf's thread, unless `progress` returns false.
    std::function<result<std::shared_ptr<pipeline>>(const std::function<bool(float)>& progress)> load;
    std::uint64_t bytes = 0; // that it takes while it is loaded
    std::optional<std::chrono::milliseconds> idle_timeout{}; // none = it stays until its memory is needed
    std::size_t queue = 64;                                  // requests that may wait for it to be loaded
};

// One thread loads and unloads, one item at a time, the one that was asked for first. Before a load those that are idle
// go, the one that was used longest ago first, until there is room. Where all are in use, that one begins nothing more:
// its answers end, it goes, and who asks for it meanwhile waits until it is loaded again. Any thread.
class model_shelf {
  public:
    // What all loaded items may take together.
    explicit model_shelf(std::uint64_t bytes);
    ~model_shelf(); // every item was removed
    model_shelf(const model_shelf&) = delete;
    model_shelf& operator=(const model_shelf&) = delete;

    [[nodiscard]] std::size_t add(shelf_item item);
    // Refuses what waits for it, cancels its answers, gives up its load, unloads it. Not from within its answers.
    void remove(std::size_t id);

    // The pipeline, if it is loaded and may begin something; it stays loaded until it was given back `times`.
    [[nodiscard]] pipeline* borrow(std::size_t id, std::size_t times = 1);
    void give_back(std::size_t id);
    // Is begun when the item is loaded, and refused when that fails. `busy` when too many wait.
    [[nodiscard]] result<void> enqueue(std::size_t id, std::shared_ptr<waiting_call> call);

    enum class state { unloaded, loading, loaded, leaving };
    struct description {
        state how = state::unloaded;
        float progress = 0; // of a load
        std::size_t running = 0, waiting = 0;
        std::string last_failure; // of its last load; empty = none
    };
    [[nodiscard]] description describe(std::size_t id) const;
    // The loaded pipeline's own status, null where it is not loaded. Does not count as a use.
    [[nodiscard]] nlohmann::json status_of(std::size_t id);

  private:
    using clock = std::chrono::steady_clock;
    struct entry {
        shelf_item item;
        std::shared_ptr<pipeline> loaded{};
        std::size_t running = 0;
        clock::time_point last_used{}, wanted_since{};
        bool wanted = false, leaving = false;
        bool in_hand = false; // the worker loads it or hands it over
        std::atomic<bool> removed = false;
        std::atomic<float> progress = 0;
        std::deque<std::shared_ptr<waiting_call>> waiting{};
        std::string last_failure{};

        [[nodiscard]] bool idle() const { return loaded && running == 0 && (leaving || !wanted); }
        [[nodiscard]] std::optional<clock::time_point> expiry() const;
        [[nodiscard]] std::size_t waits() const; // how many
    };
    using lock_type = std::unique_lock<std::mutex>;

    void want(entry& which);
    void work();
    // All of these leave the mutex for a while.
    void serve(lock_type& lock, std::size_t id);
    void make_room(lock_type& lock);
    void load(lock_type& lock, std::size_t id);
    void hand_over(lock_type& lock, std::size_t id);
    void unload(lock_type& lock, entry& which, const char* why);
    void refuse(lock_type& lock, entry& which, const error& why);

    const std::uint64_t bytes_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<entry> entries_; // never moved, never shorter
    std::uint64_t used_ = 0;
    bool stopping_ = false;
    std::thread worker_; // last: it uses the others
};

} // namespace tw
