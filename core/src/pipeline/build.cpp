// From configuration to running pipelines.
#include "pipeline/build.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "bridge/backend.hpp"
#include "memory/facts.hpp"
#include "peer/describe.hpp"
#include "peer/local_drafter.hpp"
#include "peer/relayed_drafter.hpp"
#include "peer/remote_pipeline.hpp"
#include "pipeline/backend_pipeline.hpp"
#include "pipeline/check.hpp"
#include "pipeline/embedding_pipeline.hpp"
#include "pipeline/limited_pipeline.hpp"
#include "pipeline/local_target.hpp"
#include "pipeline/memory_need.hpp"
#include "pipeline/nodes.hpp"
#include "pipeline/on_demand_pipeline.hpp"
#include "pipeline/pool.hpp"
#include "pipeline/remote.hpp"
#include "pipeline/replica_pipeline.hpp"
#include "pipeline/server_drafts.hpp"
#include "speculation/drafter_thread.hpp"

namespace tw {
namespace {

// With the slots of the target where the drafter's are not given: each answer needs a sequence at both.
std::string draft_options(const resolved_node& draft, std::int32_t slots) {
    auto options = nlohmann::json::parse(drafting_options(draft));
    if (!options.contains("slots")) options["slots"] = slots;
    return options.dump();
}

// Why a drafter cannot serve a target, empty when it can.
std::string misfit(const engine& target, const engine& draft, const pipeline_config& pipeline,
                   const std::string& name) {
    if (target.vocabulary_digest() != draft.vocabulary_digest())
        return other_vocabulary(name, draft.info().n_vocab, pipeline.target, target.info().n_vocab);
    if (draft.info().n_seq < target.info().n_seq)
        return "The draft '" + name + "' has " + std::to_string(draft.info().n_seq) + " slots and the target '" +
               pipeline.target + "' " + std::to_string(target.info().n_seq) + ": give the draft at least as many.";
    return {};
}

// What the pipelines of one configuration share.
struct workshop {
    const configuration& config;
    const registry& plugins;
    peer::peer_links links;
    const own_command launch;
};

// A drafter that cannot be used: an error, or a line in the log and, the first time, in the status.
result<void> without(std::string& no_draft, const pipeline_config& wanted, const std::string& draft,
                     const std::string& why) {
    if (!wanted.fallback) return fail(code::invalid_argument, why + " Or set fallback = true to serve without it.");
    spdlog::warn("event=no_draft pipeline={} draft={} why=\"{}\"", wanted.name, draft, why);
    if (no_draft.empty()) no_draft = why;
    return {};
}

// The engine is taken over when the link is made, which happens once.
engine_pipeline_parts::drafter local_drafter(const wanted_draft& wanted, std::unique_ptr<engine> model) {
    auto label = model->info().model;
    auto held = std::make_shared<std::unique_ptr<engine>>(std::move(model));
    return {{wanted.name, [held](draft_inbox& inbox, std::size_t index) {
                 return std::make_unique<drafter_thread>(std::move(*held), inbox, index);
             }, wanted.fallback}, std::move(label)};
}

// Every drafter that can serve a target of this process; the first reason why one cannot is kept for the status.
result<void> add_drafts(engine_pipeline_parts& parts, const pipeline_config& wanted, workshop& shop,
                        const std::function<bool(float)>& progress) {
    const auto drafts = drafts_of(wanted);
    if (drafts.empty()) parts.no_draft = "The pipeline names no draft.";
    else if (const auto& info = parts.target->info(); !info.truncates)
        return without(parts.no_draft, wanted, drafts.front().name, cannot_be_drafted_for(info.model));
    for (const auto& each : drafts) {
        const auto draft = resolve(shop.config, shop.plugins, each.name);
        if (draft.node->peer) {
            auto link = link_to(*draft.node, shop.links);
            if (!link) return link.error();
            auto offer = remote_offer(*draft.node, *link, peer::describe(*parts.target, wanted.target));
            offer.fallback = each.fallback;
            const auto& model = draft.node->peer->model;
            parts.drafts.push_back({std::move(offer), model.empty() ? each.name : model});
            continue;
        }
        if (is_drafting_server(draft)) {
            auto offer = server_draft(draft, shop.config.server, *parts.target, wanted.target);
            if (offer) {
                offer->fallback = each.fallback;
                parts.drafts.push_back({std::move(*offer), each.name});
            } else if (const auto gone = without(parts.no_draft, wanted, each.name, offer.error().message); !gone) {
                return gone.error();
            }
            continue;
        }
        auto model = load_engine(draft, draft_options(draft, parts.target->info().n_seq), progress);
        const auto why = model ? misfit(*parts.target, **model, wanted, each.name) : model.error().message;
        if (why.empty()) parts.drafts.push_back(local_drafter(each, std::move(*model)));
        else if (const auto gone = without(parts.no_draft, wanted, each.name, why); !gone) return gone.error();
    }
    return {};
}

// The drafters of a pipeline whose target is elsewhere: what is loaded here is lent to the target's machine.
result<lent_drafters> lend_drafts(const pipeline_config& wanted, workshop& shop,
                                  const std::function<bool(float)>& progress) {
    lent_drafters out;
    for (const auto& each : drafts_of(wanted)) {
        const auto draft = resolve(shop.config, shop.plugins, each.name);
        lent_drafter lent{.node = draft.node, .fallback = each.fallback};
        if (is_drafting_server(draft)) {
            auto server = lend_server(draft, shop.config.server, out.vocabulary);
            if (!server) return server.error();
            lent.what = std::move(*server);
        } else if (draft.node->peer) {
            auto link = link_to(*draft.node, shop.links);
            if (!link) return link.error();
            lent.what = std::make_shared<peer::relayed_drafter>(peer::peer_link::channels(*link), draft.node->peer->model);
        } else {
            auto model = load_engine(draft, drafting_options(draft), progress);
            if (!model) {
                const auto gone = without(out.no_draft, wanted, each.name, model.error().message);
                if (!gone) return gone.error();
                continue;
            }
            lent.what = peer::local_drafter::of(std::move(*model), each.name);
        }
        out.all.push_back(std::move(lent));
    }
    return out;
}

result<replica> local_target(const pipeline_config& wanted, const resolved_node& target, workshop& shop,
                             const std::function<bool(float)>& progress) {
    const float share = drafts_of(wanted).empty() ? 1.0F : 0.9F;
    auto parts = load_local_target(wanted, target, shop.plugins, [&](float part) { return progress(part * share); });
    if (!parts) return parts.error();
    const auto added = add_drafts(*parts, wanted, shop, [&](float part) { return progress(share + part * (1 - share)); });
    if (!added) return added.error();
    auto made = std::make_shared<engine_pipeline>(std::move(*parts));
    const auto digest = wire::exactness_digest(describe_target(made->target(), made->exactness(), target.node->name));
    return replica{target.node->name, std::move(made), {}, [digest] { return digest; }};
}

// What its table calls embeddings may be a model that puts documents in order: the loaded one says which.
result<replica> embedding_target(const pipeline_config& wanted, const resolved_node& target,
                                 const std::function<bool(float)>& progress) {
    auto model = load_engine(target, target.node->options_json, progress);
    if (!model) return model.error();
    const auto ranks = (*model)->ranking();
    if (!ranks && ranks.error().code != code::unsupported) return ranks.error();
    const auto sizes = ranks ? embedding_info{1, ranks->n_tokens, ranks->n_pairs} : (*model)->embedding();
    if (!sizes) return sizes.error();
    return replica{target.node->name,
                   std::make_shared<embedding_pipeline>(embedding_pipeline_parts{
                       wanted.name, wanted.serves, target.node->name, std::move(*model), *sizes, wanted.queue, ranks.has_value()}),
                   {}, {}};
}

result<replica> plain_target(const pipeline_config& wanted, const resolved_node& target, const server_config& server) {
    auto made = open_backend(target, server);
    if (!made) return made.error();
    const auto why = no_logits(target.node->name);
    if (!drafts_of(wanted).empty())
        spdlog::warn("event=no_draft pipeline={} draft={} why=\"{}\"", wanted.name, drafts_of(wanted).front().name, why);
    plain_target_info info{target.node->name, target.code->id, why, target.code->abi_minor >= 2};
    auto plain = std::make_shared<backend_pipeline>(wanted.name, wanted.serves, std::move(info), std::move(*made));
    return replica{target.node->name, plain, [plain] { return plain->is_up(); }, {}};
}

// A target elsewhere is what it says of itself there. `far`: from the pipeline to its remote_pipeline.
template <class Target, class Far>
replica elsewhere(const std::string& name, const std::shared_ptr<Target>& made, Far far, const lent_drafters& drafts) {
    drafts.vocabulary->is_of(made, [weak = std::weak_ptr(made), far] {
        const auto there = weak.lock();
        return there ? far(*there).remote() : std::nullopt;
    });
    return {name, made, [made] { return made->is_up(); },
            [made, far] {
                const auto what = far(*made).remote();
                return what ? wire::exactness_digest(*what) : std::string();
            }};
}

result<replica> far_target(const pipeline_config& wanted, const resolved_node& target, workshop& shop,
                           const lent_drafters& drafts) {
    auto link = link_to(*target.node, shop.links);
    if (!link) return link.error();
    const auto made = remote_target(wanted, *target.node, std::move(*link), drafts);
    if (!made) return made.error();
    return elsewhere(target.node->name, *made, [](const auto& itself) -> const auto& { return itself; }, drafts);
}

result<replica> over_pool(const pipeline_config& wanted, const resolved_node& target, workshop& shop,
                          const lent_drafters& drafts, const std::function<bool(float)>& progress) {
    const auto made = pooled_target(wanted, *target.node, shop.config, shop.plugins, shop.launch, shop.links, drafts,
                                    progress);
    if (!made) return made.error();
    return elsewhere(target.node->name, *made, [](const auto& pool) -> const auto& { return pool.far(); }, drafts);
}

result<replica> server_of_pool(const pipeline_config& wanted, const resolved_node& target, workshop& shop,
                               const std::function<bool(float)>& progress) {
    auto made = server_over_pool(wanted, target, shop.config, shop.plugins, shop.launch, progress);
    if (!made) return made.error();
    return replica{target.node->name, *made, [pool = *made] { return pool->is_up(); }, {}};
}

result<std::shared_ptr<pipeline>> build(const pipeline_config& wanted, workshop& shop,
                                        const std::function<bool(float)>& progress) {
    std::vector<std::string> names{wanted.target};
    names.insert(names.end(), wanted.replicas.begin(), wanted.replicas.end());
    std::vector<replica> made;
    std::optional<lent_drafters> lent; // by every target that is elsewhere
    for (const auto& name : names) {
        const auto target = resolve(shop.config, shop.plugins, name);
        const bool held = is_held_by_server(*target.node, shop.config), pooled = !target.node->pool.empty() && !held;
        if ((target.node->peer || pooled) && !lent) {
            auto drafts = lend_drafts(wanted, shop, progress);
            if (!drafts) return drafts.error();
            lent = std::move(*drafts);
        }
        auto one = target.node->peer           ? far_target(wanted, target, shop, *lent)
                   : held                        ? server_of_pool(wanted, target, shop, progress)
                   : pooled                      ? over_pool(wanted, target, shop, *lent, progress)
                   : makes_embeddings(target)    ? embedding_target(wanted, target, progress)
                   : target.as_engine != nullptr ? local_target(wanted, target, shop, progress)
                                                 : plain_target(wanted, target, shop.config.server);
        if (!one) return one.error();
        made.push_back(std::move(*one));
    }
    if (made.size() == 1) return made.front().what;
    const auto policy = wanted.failover == "any"    ? failover::any
                        : wanted.failover == "none" ? failover::none
                                                    : failover::same_bytes;
    return std::make_shared<replica_pipeline>(wanted.name, wanted.serves, std::move(made), policy, wanted.in_order);
}

result<std::shared_ptr<pipeline>> build_limited(const pipeline_config& wanted, workshop& shop,
                                                const std::function<bool(float)>& progress) {
    auto made = build(wanted, shop, progress);
    if (!made) {
        auto failure = made.error();
        failure.where = "pipeline." + wanted.name;
        return failure;
    }
    if (!wanted.concurrency) return made;
    return std::make_shared<limited_pipeline>(std::move(*made), static_cast<std::size_t>(*wanted.concurrency),
                                              static_cast<std::size_t>(wanted.queue));
}

// A shelf with the memory that the pipelines loaded at the start leave.
std::shared_ptr<model_shelf> make_shelf(const workshop& shop) {
    const auto room = memory::look_at_memory().room_bytes();
    auto bytes = room == 0 ? UINT64_MAX : room / 10 * 9; // what passes compute with has to go somewhere
    if (shop.config.server.model_memory) bytes = *shop.config.server.model_memory;
    for (const auto& each : shop.config.pipelines)
        if (!each.on_demand) bytes -= std::min(bytes, memory_need(each, shop.config, shop.plugins));
    spdlog::info("event=on_demand bytes={}", bytes);
    return std::make_shared<model_shelf>(bytes);
}

std::shared_ptr<pipeline> put_on_shelf(const pipeline_config& wanted, std::shared_ptr<model_shelf> shelf,
                                       std::shared_ptr<workshop> shop) {
    shelf_item item{.name = wanted.name,
                    .load = [&wanted, shop](const auto& progress) { return build_limited(wanted, *shop, progress); },
                    .bytes = memory_need(wanted, shop->config, shop->plugins),
                    .idle_timeout = wanted.idle_timeout,
                    .queue = static_cast<std::size_t>(wanted.queue)};
    return std::make_shared<on_demand_pipeline>(std::move(shelf), wanted.serves, std::move(item));
}

} // namespace

result<std::vector<std::shared_ptr<pipeline>>>
build_pipelines(const configuration& config, const registry& plugins, const std::function<bool(float)>& progress,
                const own_command& launch) {
    std::vector<std::shared_ptr<pipeline>> out;
    const std::shared_ptr<workshop> shop(new workshop{config, plugins, peer::peer_links(hello_of(config.machine())), launch});
    std::shared_ptr<model_shelf> shelf; // before anything is loaded, so that it sees what is free
    const auto later = std::count_if(config.pipelines.begin(), config.pipelines.end(), [](const auto& each) { return each.on_demand; });
    if (later > 0) shelf = make_shelf(*shop);
    for (const auto& each : unencrypted_links(config)) spdlog::warn("event=unencrypted_link why=\"{}\"", each.message);
    const auto share = 1.0F / static_cast<float>(config.pipelines.size());
    for (const auto& wanted : config.pipelines) {
        if (wanted.on_demand) {
            out.push_back(put_on_shelf(wanted, shelf, shop));
            continue;
        }
        const auto before = static_cast<float>(out.size()) * share;
        auto made = build_limited(wanted, *shop, [&](float part) { return progress(before + part * share); });
        if (!made) return made.error();
        out.push_back(std::move(*made));
    }
    return out;
}

} // namespace tw
