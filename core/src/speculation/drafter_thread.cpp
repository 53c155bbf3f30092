// The drafter's loop: apply what was said, make one pass, hand out what came of it.
#include "speculation/drafter_thread.hpp"

#include <utility>

namespace tw {

drafter_thread::drafter_thread(std::unique_ptr<engine> model, draft_inbox& inbox, std::size_t index)
    : drafter_(std::move(model)), inbox_(inbox), index_(index), longest_(drafter_.longest()),
      thread_([this] { run(); }) {}

drafter_thread::~drafter_thread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void drafter_thread::send(drafter_message message) {
    {
        const std::lock_guard lock(mutex_);
        messages_.push_back(std::move(message));
    }
    wake_.notify_one();
}

// Waits only when the drafter has nothing to do. False when it is to end.
bool drafter_thread::next(std::vector<drafter_message>& messages) {
    std::unique_lock lock(mutex_);
    if (!drafter_.has_work()) wake_.wait(lock, [&] { return stopping_ || !messages_.empty(); });
    messages = std::exchange(messages_, {});
    return !stopping_;
}

void drafter_thread::run() {
    std::vector<drafter_message> messages;
    std::vector<drafter_reply> replies;
    while (next(messages)) {
        for (auto& message : messages) drafter_.apply(std::move(message));
        if (const auto done = drafter_.step(replies); !done) {
            replies.emplace_back(drafter_failed{done.error().message});
            return inbox_.put(index_, replies);
        }
        inbox_.put(index_, replies);
    }
}

} // namespace tw
