// The engines this machine serves to others, and what happens on a link.
#pragma once

#include <functional>
#include <vector>

#include "agent/agent.hpp"
#include "config/config.hpp"
#include "net/listener.hpp"
#include "plugin/registry.hpp"

namespace tw::cli {

class peer_engines {
  public:
    // For a listener; `http` is left empty. What the events use must outlive the listener.
    [[nodiscard]] net::listener_events events() const;

    // What others may open. Any thread.
    [[nodiscard]] std::vector<agent::served_engine> list() const;
};

// Loads the backends of [peer].drafts and [peer].targets. `progress` gets 0 … 1 and returns false to give up.
[[nodiscard]] result<peer_engines> load_peer_engines(const configuration& config, const registry& plugins,
                                                     const std::function<bool(float)>& progress);

} // namespace tw::cli
