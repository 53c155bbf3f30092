// Answers other machines' questions about this one, and starts rpc-servers for them.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "net/listener.hpp"

namespace tw::agent {

// One engine that others may open.
struct served_engine {
    std::string name;  // of its backend
    std::string model; // as the engine calls it
    bool drafter = false, target = false;
    std::string exactness; // empty = not probed
};

struct agent_options {
    peer_config config;
    std::string version; // of Tightwad
    std::string url;     // where others reach this machine's engines
    std::filesystem::path state; // logs/ and what else is kept
    // Both may be null. Called on the thread of the request; must not block.
    std::function<std::vector<served_engine>()> engines{};
    std::function<std::size_t()> sessions{};
    std::chrono::milliseconds rpc_start_patience = std::chrono::seconds{10};
    std::filesystem::path drm = "/sys/class/drm";
};

// The paths below /v1/peer/ that docs/peers.md describes.
class agent {
  public:
    explicit agent(agent_options options);
    ~agent(); // ends every rpc-server it started
    agent(const agent&) = delete;
    agent& operator=(const agent&) = delete;

    // For listener_events.http. May take seconds: it waits for programs that start or end. Never throws for what
    // a stranger sends; every refusal is {"error":{"message":…}}. Any thread.
    [[nodiscard]] net::http_reply handle(const net::http_request& request);

    // For listener_events.tunnel: the port of an rpc-server that this agent runs. One that is asked for with a device
    // (or with none, where its program is configured) and does not run is started, as /v1/peer/rpc/start does.
    [[nodiscard]] net::tunnel_answer tunnel(const std::string& target);

  private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace tw::agent
