// Engines on other machines, as parts of pipelines of this one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "peer/peer_links.hpp"
#include "peer/remote_pipeline.hpp"
#include "peer/served_drafter.hpp"
#include "pipeline/server_drafts.hpp"
#include "speculation/speculator.hpp"

namespace tw {

// This program's hello, but for the engines: with a random session.
[[nodiscard]] wire::hello hello_of(const std::string& machine);

// The link to the machine that a backend is on; its token is read now.
[[nodiscard]] result<std::shared_ptr<peer::peer_link>> link_to(const node_config& node, peer::peer_links& links);

// A drafter of another machine for a target of this one.
[[nodiscard]] drafter_offer remote_offer(const node_config& draft, const std::shared_ptr<peer::peer_link>& link,
                                         const wire::served_engine& target);

// A drafter that a remote target is to use: loaded here, or on a third machine, to which the target's machine may find
// a way of its own.
struct lent_drafter {
    const node_config* node = nullptr;
    bool fallback = false;
    std::shared_ptr<peer::served_drafter> what{};
};

struct lent_drafters {
    std::vector<lent_drafter> all{};
    std::shared_ptr<far_vocabulary> vocabulary = std::make_shared<far_vocabulary>(); // of the target; servers are held to it
    std::string no_draft{}; // why one that was wanted is not among them, for the status; empty when all are
};

// A target on another machine with the drafters it is to use.
[[nodiscard]] result<std::shared_ptr<peer::remote_pipeline>>
remote_target(const pipeline_config& wanted, const node_config& target, std::shared_ptr<peer::peer_link> link,
              const lent_drafters& drafts);

} // namespace tw
