// What a server tells of itself, for the status: prices, context, capabilities.
#pragma once

#include <memory>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/server_probe.hpp"

namespace tw {

// Asks at once, and again when somebody wants to know and nothing is known yet, or what is known is an hour old. Any
// thread. What it asks may still be answered when it is gone.
class server_facts {
  public:
    explicit server_facts(server_probe::ask_function ask);

    // What is known by now: an object, empty at first and where the plugin has nothing to tell. Returns at once.
    [[nodiscard]] nlohmann::json now() const;

  private:
    struct state;

    const server_probe::ask_function ask_;
    const std::shared_ptr<state> state_;
};

} // namespace tw
