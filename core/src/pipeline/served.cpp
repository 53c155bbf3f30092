// Backends to drafters and targets that others may open.
#include "pipeline/served.hpp"

#include <algorithm>
#include <utility>

#include "peer/local_drafter.hpp"
#include "pipeline/engine_pipeline.hpp"
#include "pipeline/local_target.hpp"

namespace tw {
namespace {

using progress_of = std::function<bool(float)>;

result<served_engines::drafter> load_drafter(const resolved_node& node, const progress_of& progress) {
    auto model = load_engine(node, drafting_options(node), progress);
    if (!model) return model.error();
    auto label = (*model)->info().model;
    return served_engines::drafter{peer::local_drafter::of(std::move(*model), node.node->name), std::move(label)};
}

result<served_engines::target> load_target(const resolved_node& node, const configuration& config,
                                          const registry& plugins, const progress_of& progress) {
    pipeline_config wanted;
    wanted.name = node.node->name;
    wanted.serves = {node.node->name};
    wanted.target = node.node->name;
    wanted.drafting = config.drafting;
    wanted.pass_shape = config.pass_shape;
    return load_served_target(node, wanted, plugins, progress);
}

} // namespace

result<served_engines::target> load_served_target(const resolved_node& node, const pipeline_config& wanted,
                                                  const registry& plugins, const progress_of& progress) {
    auto parts = load_local_target(wanted, node, plugins, progress);
    if (!parts) return parts.error();
    parts->no_draft = "No other machine brings a drafter now.";
    const auto made = std::make_shared<engine_pipeline>(std::move(*parts));
    peer::served_target out{describe_target(made->target(), made->exactness(), node.node->name), made, {}, {}};
    if (made->can_be_drafted_for()) {
        out.join = [made](drafter_offer offer) { return made->join(std::move(offer)); };
        out.leave = [made](std::size_t ticket) { made->leave(ticket); };
    }
    return served_engines::target{std::move(out), made->target().info().model};
}

result<served_engines> load_served(const configuration& config, const registry& plugins, const progress_of& progress) {
    served_engines out;
    const auto& peer = *config.peer;
    const auto share = 1.0F / static_cast<float>(std::max<std::size_t>(1, peer.drafts.size() + peer.targets.size()));
    float before = 0;
    const auto part = [&](float done) { return progress(before + done * share); };
    for (const auto& name : peer.drafts) {
        auto made = load_drafter(resolve(config, plugins, name), part);
        if (!made) return made.error();
        out.drafters.push_back(std::move(*made));
        before += share;
    }
    for (const auto& name : peer.targets) {
        auto made = load_target(resolve(config, plugins, name), config, plugins, part);
        if (!made) return made.error();
        out.targets.push_back(std::move(*made));
        before += share;
    }
    return out;
}

} // namespace tw
