// Both ways are tried, their round trips compared, and one of them joins the target.
#include "peer/drafter_route.hpp"

#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "peer/remote_drafter.hpp"

namespace tw::peer {
namespace {

constexpr auto gone_for = std::chrono::seconds{1};  // a link that is cut stands again sooner
constexpr auto stood_for = std::chrono::seconds{5}; // before the direct way is trusted again

} // namespace

drafter_route::drafter_route(wire::draft_way way, std::shared_ptr<served_target> target,
                             std::shared_ptr<channel_book> back, peer_links& links, std::chrono::milliseconds within,
                             bool public_only)
    : way_(std::move(way)), target_(std::move(target)), back_(std::move(back)),
      until_(clock::now() + within) {
    const auto heard = [state = onward_](bool refused, double seconds) {
        const std::lock_guard lock(state->mutex);
        state->known = !refused;
        state->refused = refused;
        state->seconds = seconds;
    };
    probe_ = back_->open({way_.name, wire::role::drafter, {}},
                         {.opened = [heard](const wire::channel_opened& what) { heard(false, what.onward_s); },
                          .frame = [](const wire::message&) { return result<void>{}; },
                          .away = [heard](const std::string&) { heard(true, 0); }});
    if (!way_.url.empty()) try_direct(links, public_only);
    else why_ = "It was named without an address.";
}

drafter_route::~drafter_route() { leave(); }

void drafter_route::try_direct(peer_links& links, bool public_only) {
    const auto address = net::parse_peer_address(way_.url);
    if (!address) {
        why_ = address.error().message;
        return;
    }
    auto link = links.get({.peer = *address, .token = way_.token, .fingerprint = way_.fingerprint,
                           .limits = limits_for_frames(), .public_only = public_only,
                           .connect_timeout = std::chrono::seconds{2}});
    if (link) direct_ = std::move(*link);
    else why_ = link.error().message;
}

// Of the whole way: this link, and what lies behind it.
std::optional<double> drafter_route::relayed_s() const {
    const auto near = back_->rtt_s();
    const std::lock_guard lock(onward_->mutex);
    if (!near || !onward_->known) return {};
    return *near + onward_->seconds;
}

void drafter_route::tick() {
    if (!decided_) decide();
    else if (direct_) watch();
}

void drafter_route::settle(bool direct, std::string why) {
    decided_ = true;
    is_direct_ = direct;
    why_ = std::move(why);
    changed_.reset();
    spdlog::info("event=draft_path draft=\"{}\" path={} why=\"{}\"", way_.name, direct ? "direct" : "relayed", why_);
    if (ticket_) target_->leave(*std::exchange(ticket_, std::nullopt));
    if (direct) join(peer_link::channels(direct_), way_.engine);
    else join(back_, way_.name);
}

void drafter_route::decide() {
    const bool late = clock::now() >= until_;
    const auto relayed = relayed_s();
    const auto straight = direct_ ? direct_->rtt_s() : std::nullopt;
    const auto give_up = [&](std::string why) {
        settle(false, std::move(why));
        direct_.reset();
    };
    if (!direct_) return settle(false, why_);
    direct_s_ = straight;
    bool refused = false;
    {
        const std::lock_guard lock(onward_->mutex);
        refused = onward_->refused;
    }
    if (straight && relayed)
        return *straight <= *relayed ? settle(true, "It is no slower than the way over the asking machine.")
                                     : give_up("The direct way is slower.");
    if (straight && (late || refused)) return settle(true, "The asking machine does not lead on to it.");
    if (late) give_up(direct_->why().empty() ? "The direct way did not answer in time." : direct_->why());
}

// A drafter whose machine is gone is on neither way, and stays where it is.
void drafter_route::watch() {
    const auto relayed = relayed_s();
    const auto straight = direct_->rtt_s();
    const bool stands = direct_->now() == peer_link::state::up;
    if (is_direct_ ? stands || !relayed : !straight) return changed_.reset();
    const auto now = clock::now();
    if (!changed_) changed_ = now;
    if (now - *changed_ < (is_direct_ ? gone_for : stood_for)) return;
    if (is_direct_) return settle(false, "The direct way broke: " + direct_->why());
    if (relayed && *straight > *relayed) return changed_.reset();
    direct_s_ = straight;
    settle(true, "It stands again, and is no slower than the way over the asking machine.");
}

void drafter_route::join(std::shared_ptr<channel_book> via, const std::string& name) {
    if (!target_->join) {
        why_ = "The target takes no drafters.";
        return;
    }
    ticket_ = target_->join({way_.name, [via = std::move(via), name, engine = target_->engine](draft_inbox& inbox,
                                                                                              std::size_t index) {
                                 return std::make_unique<remote_drafter>(via, name, engine, inbox, index);
                             }, way_.fallback});
}

void drafter_route::leave() {
    decided_ = true;
    if (probe_) std::exchange(probe_, nullptr)->close("The target needs it no more.");
    if (ticket_ && target_->leave) target_->leave(*std::exchange(ticket_, std::nullopt));
    direct_.reset();
}

nlohmann::json drafter_route::status() const {
    const auto ms = [](std::optional<double> seconds) {
        return seconds ? nlohmann::json(*seconds * 1e3) : nlohmann::json(nullptr);
    };
    const auto straight = ms(direct_ && direct_->rtt_s() ? direct_->rtt_s() : direct_s_);
    const auto relayed = ms(relayed_s());
    return {{"name", way_.name},
            {"path", !decided_ ? nlohmann::json(nullptr) : nlohmann::json(is_direct_ ? "direct" : "relayed")},
            {"rtt_ms", is_direct_ ? straight : relayed},
            {"direct_rtt_ms", straight},
            {"relayed_rtt_ms", relayed},
            {"why", why_},
            {"link", is_direct_ && direct_ ? direct_->status() : nlohmann::json(nullptr)}};
}

} // namespace tw::peer
