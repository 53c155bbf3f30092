// The answering side: serves drafters and targets of this machine to other hosts.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "net/listener.hpp"
#include "peer/host_session.hpp"

namespace tw::peer {

struct peer_host_options {
    net::listener_options listen{}; // its limits are taken as they are: see limits_for_frames()
    wire::hello mine{};             // but for the engines, which are those that are served
    // Other requests with the token, as net::listener_events::http; may be null.
    std::function<net::http_reply(const net::http_request&)> http{};
    // As net::listener_events::tunnel; may be null.
    std::function<net::tunnel_answer(const std::string&)> tunnel{};
    std::chrono::milliseconds keep = std::chrono::seconds{30};         // sequences of a lost link
    std::chrono::milliseconds direct_within = std::chrono::seconds{2}; // for a drafter's direct way to stand
    bool public_only = false; // of that way, as net::connection_options has it
};

// Any thread.
class peer_host {
  public:
    // Listens at once; errors are those of net::listener::open().
    [[nodiscard]] static result<std::unique_ptr<peer_host>> open(peer_host_options options);
    // Says goodbye to all, cancels their answers, lets their drafters leave.
    ~peer_host();
    peer_host(const peer_host&) = delete;
    peer_host& operator=(const peer_host&) = delete;

    // From now on; a model may come after others have connected. Under its engine's name, as one of either kind.
    void serve(std::shared_ptr<served_drafter> drafter);
    void serve(served_target target);
    // Running answers and open channels go on.
    void withdraw(const std::string& name);

    [[nodiscard]] std::uint16_t port() const { return listening_->port(); }
    [[nodiscard]] std::size_t sessions() const { return listening_->sessions(); }
    [[nodiscard]] nlohmann::json status() const; // {peers: [host_session::status()], kept_seats}

  private:
    explicit peer_host(const peer_host_options& options);

    void opened(const std::shared_ptr<net::session>& wire);
    [[nodiscard]] std::shared_ptr<host_session> find(std::uint64_t id) const;
    void replaced(const host_session& by);
    void tick();
    [[nodiscard]] std::vector<std::shared_ptr<host_session>> all() const;

    const std::shared_ptr<host_state> state_;
    mutable std::mutex mutex_; // guards the sessions
    std::map<std::uint64_t, std::shared_ptr<host_session>> sessions_; // by net::session::id()
    std::unique_ptr<net::listener> listening_;
};

} // namespace tw::peer
