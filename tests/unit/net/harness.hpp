// Both ends of links on loopback, with what they were told written down.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/connection.hpp"
#include "net/listener.hpp"

namespace tw::test {

// Things that were written down by one thread for another to wait for.
class notes {
  public:
    void add(std::string text);
    // Waits until there are at least `count`, 20 s at most; all of them.
    std::vector<std::string> wait(std::size_t count);
    [[nodiscard]] std::size_t size() const;

  private:
    mutable std::mutex mutex_;
    std::condition_variable grew_;
    std::vector<std::string> all_;
};

// A listener that sends every message back, "close" ends the session, "flood" fills its queue.
struct echo_server {
    explicit echo_server(net::listener_options options = {}, bool echo = true);

    notes opened, messages, closed;
    std::mutex mutex;
    std::vector<std::shared_ptr<net::session>> sessions;
    std::unique_ptr<net::listener> listening;
    [[nodiscard]] std::uint16_t port() const { return listening->port(); }
};

struct client {
    explicit client(net::connection_options options);
    // To a plain listener with the token "secret".
    explicit client(std::uint16_t port, net::link_limits limits = {});

    notes ups, downs, messages;
    std::function<void(std::string_view)> on_message; // set before anything is sent
    std::unique_ptr<net::connection> link;
};

net::listener_options with_token(net::link_limits limits = {});
net::connection_options to(std::uint16_t port, net::link_limits limits = {});

// True once `condition` holds, 20 s at most.
bool comes_true(const std::function<bool()>& condition);

// A folder that is removed at the end.
struct temporary_folder {
    temporary_folder();
    ~temporary_folder();
    std::filesystem::path path;
};

} // namespace tw::test
