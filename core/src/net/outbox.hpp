// The messages of one link that wait to be sent, bounded; what other threads have of a link.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "net/link_limits.hpp"

namespace tw::net {

// Any thread, except where it says loop. Holds no network object, so it may outlive the link.
class outbox {
  public:
    // Why the link is to end. `abrupt`: at once; else after what waits has been sent, with a farewell.
    struct ending {
        error why;
        bool abrupt = false;
    };

    // `other`: the other side as the subject of sentences, "The peer at tw://den:9191".
    outbox(const link_limits& limits, std::string other) : limits_(limits), other_(std::move(other)) {}

    [[nodiscard]] const std::string& other() const { return other_; }
    [[nodiscard]] const link_limits& limits() const { return limits_; }

    // Loop. From now on messages are taken; `wake` is called, on any thread and one call at a time, when there is
    // something to take. It must not block; what is the loop's alone it has to post.
    void open(std::function<void()> wake);
    // Loop. What waits is dropped, and later messages are refused; wake() has returned and is not called any more.
    void shut();

    // Never blocks. False: the message is dropped, because the link is not open, or because this message
    // broke a limit and the link ends for it.
    bool send(std::string message);
    // Ends the link in order. The first ending counts.
    void end(error why);

    // Loop or wake(): the next message; its bytes count as waiting until sent(). None: wake() will come.
    [[nodiscard]] std::optional<std::string> take();
    void sent(std::size_t bytes);
    // Loop or wake(): how the link is to end, if it is.
    [[nodiscard]] std::optional<ending> ends() const;
    [[nodiscard]] bool is_open() const;

  private:
    const link_limits limits_;
    const std::string other_;
    std::mutex waking_; // held while wake() runs; taken before mutex_
    mutable std::mutex mutex_;
    std::function<void()> wake_; // null = not open; set with both held
    std::deque<std::string> waiting_;
    std::size_t bytes_ = 0;  // waiting and being sent
    bool awake_ = false;     // the loop will call take() until it is empty
    std::optional<ending> ending_;
};

} // namespace tw::net
