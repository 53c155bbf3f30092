// Addresses and tokens to links, names to channels.
#include "pipeline/remote.hpp"

#include <random>
#include <utility>

#include "peer/remote_drafter.hpp"
#include "pooled/peer_way.hpp"

namespace tw {

wire::hello hello_of(const std::string& machine) {
    std::random_device dice;
    wire::hello out;
    out.tightwad = TW_VERSION;
    out.machine = machine;
    out.session = std::uint64_t{dice()} << 32U | dice();
    return out;
}

result<std::shared_ptr<peer::peer_link>> link_to(const node_config& node, peer::peer_links& links) {
    auto to = pooled::way_to_peer(*node.peer);
    if (!to) return to.error();
    to->limits = peer::limits_for_frames();
    return links.get(std::move(*to));
}

drafter_offer remote_offer(const node_config& draft, const std::shared_ptr<peer::peer_link>& link,
                           const wire::served_engine& target) {
    return {draft.name, [link, model = draft.peer->model, target](draft_inbox& inbox, std::size_t index) {
                return std::make_unique<peer::remote_drafter>(peer::peer_link::channels(link), model, target, inbox, index);
            }};
}

result<std::shared_ptr<peer::remote_pipeline>>
remote_target(const pipeline_config& wanted, const node_config& target, std::shared_ptr<peer::peer_link> link,
              const lent_drafters& drafts) {
    peer::remote_pipeline_parts parts;
    parts.name = wanted.name;
    parts.serves = wanted.serves;
    parts.target = target.peer->model;
    parts.no_draft = drafts.no_draft;
    for (const auto& each : drafts.all) {
        wire::draft_way way;
        way.name = each.node->name;
        way.fallback = each.fallback;
        if (each.node->peer) {
            const auto& there = *each.node->peer;
            way.engine = there.model;
            way.url = there.url;
            way.fingerprint = there.fingerprint;
            auto token = read_secret(there.token);
            if (!token) return token.error();
            way.token = std::move(*token);
        }
        link->serve(way.name, each.what);
        parts.drafts.push_back(std::move(way));
    }
    parts.peer = std::move(link);
    return std::make_shared<peer::remote_pipeline>(std::move(parts));
}

} // namespace tw
