// A queue under a lock that is held for a few instructions, and not while somebody is woken, who would wait for it.
#include "net/outbox.hpp"

#include <algorithm>
#include <utility>

namespace tw::net {

void outbox::open(std::function<void()> wake) {
    const std::scoped_lock guard(waking_, mutex_);
    wake_ = std::move(wake);
    waiting_.clear();
    bytes_ = 0;
    awake_ = false;
    ending_.reset();
}

void outbox::shut() {
    const std::scoped_lock guard(waking_, mutex_);
    wake_ = nullptr;
    waiting_.clear();
    bytes_ = 0;
}

bool outbox::send(std::string message) {
    const std::lock_guard waking(waking_);
    std::unique_lock guard(mutex_);
    if (!wake_ || ending_) return false;
    if (message.size() > limits_.max_message_bytes)
        ending_ = {fail(code::invalid_argument, other_ + " was to be sent a message of " +
                                                    std::to_string(message.size()) + " bytes, more than the " +
                                                    std::to_string(limits_.max_message_bytes) + " a link carries."),
                   true};
    else if (bytes_ + message.size() > limits_.max_queued_bytes)
        ending_ = {fail(code::busy, other_ + " does not read: " + std::to_string(bytes_) +
                                        " bytes wait to be sent, and the limit is " +
                                        std::to_string(limits_.max_queued_bytes) + "."),
                   true};
    if (ending_) {
        guard.unlock();
        wake_(); // also while a write is stuck
        return false;
    }
    bytes_ += message.size();
    waiting_.push_back(std::move(message));
    const bool asleep = !std::exchange(awake_, true);
    guard.unlock();
    if (asleep) wake_();
    return true;
}

void outbox::end(error why) {
    const std::lock_guard waking(waking_);
    {
        const std::lock_guard guard(mutex_);
        if (!wake_ || ending_) return;
        ending_ = {std::move(why), false};
    }
    wake_();
}

std::optional<std::string> outbox::take() {
    const std::lock_guard guard(mutex_);
    if (waiting_.empty()) {
        awake_ = false;
        return std::nullopt;
    }
    auto first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
}

void outbox::sent(std::size_t bytes) {
    const std::lock_guard guard(mutex_);
    bytes_ -= std::min(bytes, bytes_); // shut() may have come in between
}

std::optional<outbox::ending> outbox::ends() const {
    const std::lock_guard guard(mutex_);
    return ending_;
}

bool outbox::is_open() const {
    const std::lock_guard guard(mutex_);
    return wake_ && !ending_;
}

} // namespace tw::net
