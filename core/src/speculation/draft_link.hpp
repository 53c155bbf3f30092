// A drafter, wherever it runs, and the box in which drafters leave what they have.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "speculation/messages.hpp"

namespace tw {

// What a link says of itself, beside what the drafter says.
struct drafter_away { // nothing reaches it now; it may come back
    std::string why;
};
struct drafter_back {}; // it can be asked (again); what it was told before may be lost
using drafter_event = std::variant<draft_batch, draft_audit, draft_lost, drafter_failed, drafter_away, drafter_back>;

// What arrived, from all drafters of one verifier. Any thread.
class draft_inbox {
  public:
    struct item {
        std::size_t drafter; // index of the drafter among the verifier's
        drafter_event reply;
        std::chrono::steady_clock::time_point at; // when it was put here
    };

    void put(std::size_t drafter, std::vector<drafter_reply>& replies);
    void put(std::size_t drafter, drafter_event event);
    // `tell` is called, on the thread that puts it, when a drafter has come or gone; here, when one has already.
    void when_presence_changes(std::function<void()> tell);
    // Nothing that this one has put is left.
    void forget(std::size_t drafter);
    // What has arrived so far, in order; never waits.
    [[nodiscard]] std::vector<item> take();
    // Waits for something to arrive, until `deadline` at most. False when nothing did.
    bool wait(std::chrono::steady_clock::time_point deadline);

  private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<item> items_;
    std::function<void()> presence_;
    bool untold_ = false; // one has come or gone while nobody was to be told
};

// The verifier's end. `send` never waits; replies come into the inbox the link was made with. The
// destructor ends the drafter and waits for it.
class draft_link {
  public:
    virtual ~draft_link() = default;
    virtual void send(drafter_message message) = 0;
    [[nodiscard]] virtual std::size_t longest() const = 0; // the longest draft it can make; 0 = it is away
};

} // namespace tw
