// What the links of a host share. Internal.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "peer/errands.hpp"
#include "peer/peer_links.hpp"
#include "peer/seat_shelf.hpp"
#include "peer/served_drafter.hpp"
#include "peer/served_target.hpp"

namespace tw::peer {

struct host_state {
    host_state(wire::hello hello, std::chrono::milliseconds keep, std::chrono::milliseconds within, bool dial_public_only)
        : mine(hello), direct_within(within), public_only(dial_public_only), shelf(std::make_shared<seat_shelf>(keep)),
          links(std::move(hello)) {}

    // By name; an empty name is the only one. The error says what there is.
    [[nodiscard]] result<std::shared_ptr<served_drafter>> drafter(const std::string& name);
    [[nodiscard]] result<std::shared_ptr<served_target>> target(const std::string& name);
    // One entry a name, with both roles where it has both.
    [[nodiscard]] wire::hello hello();

    const wire::hello mine;
    const std::chrono::milliseconds direct_within;
    const bool public_only;
    const std::shared_ptr<seat_shelf> shelf;
    peer_links links; // to drafters that targets are asked to use
    std::mutex mutex; // guards the two maps
    std::map<std::string, std::shared_ptr<served_drafter>> drafters;
    std::map<std::string, std::shared_ptr<served_target>> targets;
    // Starts of answers, which may take the time to tokenise; questions, which may take longer; and what waits for others.
    // Null once the host stops.
    std::shared_ptr<errands> starts, questions, housekeeping;
};

} // namespace tw::peer
