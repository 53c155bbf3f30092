// A TCP relay between two programs, with faults on demand: delay, jitter, rate limit, cut, freeze, split.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace tw::test {

struct relay_rules {
    std::chrono::microseconds delay{0};  // one way, both ways
    std::chrono::microseconds jitter{0}; // up to so much more, at random; the order of the bytes stays
    std::size_t bytes_per_second = 0;    // each way; 0 = no limit
    std::size_t piece = 0;               // the most bytes that are forwarded in one packet; 0 = as they came
    // What is forwarded instead of what has come; `up` = from the caller to the target. On the relay's thread.
    std::function<std::string(std::string bytes, bool up)> alter{};
};

struct relay_ends {
    std::string listen_address = "127.0.0.1"; // numeric, of either IP version
    std::uint16_t port = 0;                   // 0: any free one
    std::string target_address = "127.0.0.1";
    std::uint16_t target = 0;
};

// Runs on a thread of its own from construction to destruction. Any thread.
class relay {
  public:
    // Forwards what connects to port() to 127.0.0.1:`target`. port = 0: any free one.
    explicit relay(std::uint16_t target, relay_rules rules = {}, std::uint16_t port = 0);
    // Throws std::exception, with the reason, when an address is none or the port is taken.
    explicit relay(const relay_ends& ends, relay_rules rules = {});
    ~relay();
    relay(const relay&) = delete;
    relay& operator=(const relay&) = delete;

    [[nodiscard]] std::uint16_t port() const;

    // For bytes that arrive from now on, also of connections that stand.
    void set(relay_rules rules);
    // Nothing is forwarded, and no end is reported, until freeze(false). New connections are accepted.
    void freeze(bool on);
    // Resets every connection that stands; new ones are served.
    void cut();

    // The bytes that were forwarded, both ways.
    [[nodiscard]] std::size_t forwarded() const;

  private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace tw::test
