// Channels are opened by name, as drafter or as target.
#include "peer/host_session.hpp"

#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "peer/drafter_channel.hpp"

namespace tw::peer {
namespace {
constexpr auto ping_every = std::chrono::seconds{2};
}

host_session::host_session(std::shared_ptr<net::session> wire, std::shared_ptr<host_state> host,
                           std::function<void(const host_session&)> greeted)
    : wire_(std::move(wire)), host_(std::move(host)), greeted_(std::move(greeted)) {
    link_ = std::make_shared<frame_link>(
        host_->hello(), false,
        frame_link::ports{.send = [wire = wire_](std::string bytes) { return wire->send(std::move(bytes)); },
                          .close = [wire = wire_](std::string why) { wire->close(std::move(why)); }},
        frame_link::events{.ready =
                               [this](const wire::hello& theirs) {
                                   {
                                       const std::lock_guard lock(mutex_);
                                       theirs_ = theirs;
                                   }
                                   spdlog::info("event=peer_here remote={} machine=\"{}\" version={}", wire_->remote(),
                                                theirs.machine, theirs.tightwad);
                                   greeted_(*this);
                                   book_->up(link_);
                               },
                           .parted =
                               [this](const std::string& why) {
                                   spdlog::info("event=peer_parted remote={} why=\"{}\"", wire_->remote(), why);
                                   book_->down();
                               },
                           .asked = [this](std::uint32_t channel, const wire::open_channel& what) { asked(channel, what); }},
        counts_);
}

void host_session::lost(const std::string& why) {
    book_->down();
    link_->lost(why);
}

void host_session::asked(std::uint32_t channel, const wire::open_channel& what) {
    if (what.role == wire::role::drafter) {
        auto drafter = host_->drafter(what.engine);
        if (!drafter) return link_->refuse(channel, drafter.error().message);
        auto name = (*drafter)->engine().name;
        const auto made = std::make_shared<drafter_channel>(link_, channel, std::move(*drafter), host_->shelf,
                                                            seat_key{session().value_or(0), channel, std::move(name)});
        link_->accept(channel, made);
        return made->begin();
    }
    auto target = host_->target(what.engine);
    if (!target) return link_->refuse(channel, target.error().message);
    const auto made = std::make_shared<target_channel>(link_, channel, std::move(*target), book_, host_);
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(targets_, [](const auto& each) { return each.expired(); });
        targets_.push_back(made);
    }
    link_->accept(channel, made);
    made->begin(what.drafts);
}

void host_session::tick() {
    const auto now = std::chrono::steady_clock::now();
    if (now - pinged_ >= ping_every) {
        pinged_ = now;
        link_->ping();
    }
    book_->tick();
    std::vector<std::weak_ptr<target_channel>> targets;
    {
        const std::lock_guard lock(mutex_);
        targets = targets_;
    }
    for (const auto& each : targets)
        if (const auto target = each.lock()) target->tick();
}

std::optional<std::uint64_t> host_session::session() const {
    const std::lock_guard lock(mutex_);
    return theirs_ ? std::optional(theirs_->session) : std::nullopt;
}

nlohmann::json host_session::status() const {
    const auto rtt = link_->rtt_s();
    const std::lock_guard lock(mutex_);
    auto out = link_status(theirs_, rtt, *counts_);
    out["remote"] = wire_->remote();
    return out;
}

} // namespace tw::peer
