// Connect, greet, open the channels, and again.
#include "peer/peer_link.hpp"

#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "peer/drafter_channel.hpp"

namespace tw::peer {
namespace {

constexpr auto tick_every = std::chrono::milliseconds{250};
constexpr auto ping_every = std::chrono::seconds{2};

const char* name(peer_link::state state) {
    return state == peer_link::state::up ? "up" : state == peer_link::state::down ? "down" : "refused";
}

} // namespace

net::link_limits limits_for_frames() {
    return {.max_message_bytes = wire::max_frame_bytes, .max_queued_bytes = 2 * wire::max_frame_bytes};
}

result<std::shared_ptr<peer_link>> peer_link::open(net::connection_options to, wire::hello mine) {
    std::shared_ptr<peer_link> made(new peer_link(to.peer.url(), std::move(mine)), release);
    auto* self = made.get();
    const std::lock_guard lock(self->mutex_); // events wait until all is set
    auto opened = net::connection::open(std::move(to), {
        .up = [self] { self->went_up(); },
        .down = [self](const error& why) { self->went_down(why); },
        .message = [self](std::string_view bytes) { if (const auto link = self->current()) link->received(bytes); },
    });
    if (!opened) return opened.error();
    self->connection_ = std::move(*opened);
    self->wire_ = self->connection_.get();
    self->ticker_ = std::make_unique<errands>(tick_every, [self] { self->tick(); });
    return made;
}

peer_link::peer_link(std::string url, wire::hello mine) : url_(std::move(url)), mine_(std::move(mine)) {}

peer_link::~peer_link() {
    if (!connection_) return;
    ticker_->stop();
    if (const auto link = current()) link->goodbye("The other side needs the link no more.");
    connection_.reset();
    if (const auto link = current()) link->lost("The link is not needed any more.");
}

// Who lets go of the last one may do so from an event, and a thread cannot wait for itself.
void peer_link::release(peer_link* link) {
    const bool own = link->net_thread_.load() == std::this_thread::get_id() ||
                     (link->ticker_ && link->ticker_->is_this_thread());
    if (own) std::thread([link] { delete link; }).detach();
    else delete link;
}

std::shared_ptr<frame_link> peer_link::current() const {
    const std::lock_guard lock(mutex_);
    return link_;
}

void peer_link::went_up() {
    net_thread_ = std::this_thread::get_id();
    std::shared_ptr<frame_link> link;
    {
        const std::lock_guard lock(mutex_);
        auto hello = mine_;
        for (const auto& [name, drafter] : served_) {
            if (hello.engines.size() == wire::max_engines) break;
            hello.engines.push_back(drafter->engine());
        }
        auto* wire = wire_;
        const auto self_link = std::make_shared<std::weak_ptr<frame_link>>();
        link = std::make_shared<frame_link>(
            std::move(hello), true,
            frame_link::ports{.send = [wire](std::string bytes) { return wire->send(std::move(bytes)); },
                              .close = [wire](std::string why) { wire->drop(std::move(why)); }},
            frame_link::events{.ready = [this](const wire::hello& theirs) { greeted(theirs); },
                               .parted = [this](const std::string& why) { parted(why); },
                               .asked = [this, self_link](std::uint32_t channel, const wire::open_channel& what) {
                                   if (const auto from = self_link->lock()) asked(from, channel, what);
                               }},
            counts_);
        *self_link = link;
        link_ = link;
        refused_now_ = false;
    }
    link->begin();
}

void peer_link::greeted(const wire::hello& theirs) {
    std::shared_ptr<frame_link> link;
    {
        const std::lock_guard lock(mutex_);
        theirs_ = theirs;
        state_ = state::up;
        why_.clear();
        link = link_;
        pinged_ = std::chrono::steady_clock::now();
    }
    spdlog::info("event=peer_up url={} machine=\"{}\" version={}", url_, theirs.machine, theirs.tightwad);
    book_.up(link);
}

void peer_link::parted(const std::string& why) {
    {
        const std::lock_guard lock(mutex_);
        refused_now_ = true;
        state_ = state_ == state::up ? state::down : state::refused;
        why_ = why;
    }
    book_.down();
    spdlog::warn("event=peer_parted url={} why=\"{}\"", url_, why);
}

void peer_link::went_down(const error& why) {
    std::shared_ptr<frame_link> link;
    bool news = false;
    std::string reason = why.message;
    {
        const std::lock_guard lock(mutex_);
        link = std::exchange(link_, nullptr);
        if (!std::exchange(refused_now_, false)) {
            news = state_ == state::up || why_ != why.message;
            const bool refused = why.code == code::denied || why.code == code::unsupported;
            state_ = refused ? state::refused : state::down;
            why_ = why.message;
        }
        reason = why_;
    }
    if (news) spdlog::warn("event=peer_down url={} why=\"{}\"", url_, reason);
    book_.down();
    if (link) link->lost(reason);
}

void peer_link::asked(const std::shared_ptr<frame_link>& link, std::uint32_t channel, const wire::open_channel& what) {
    std::shared_ptr<served_drafter> drafter;
    {
        const std::lock_guard lock(mutex_);
        const auto found = served_.find(what.engine);
        if (what.role == wire::role::drafter && found != served_.end()) drafter = found->second;
    }
    if (!drafter) return link->refuse(channel, "\"" + what.engine + "\" is not served over this link.");
    // The side that connected keeps nothing: its peer joins its drafters anew after a loss.
    const auto made = std::make_shared<drafter_channel>(link, channel, std::move(drafter), nullptr,
                                                        seat_key{0, channel, what.engine});
    link->accept(channel, made);
    made->begin();
}

void peer_link::serve(const std::string& name, std::shared_ptr<served_drafter> drafter) {
    const std::lock_guard lock(mutex_);
    if (drafter) served_[name] = std::move(drafter);
    else served_.erase(name);
}

void peer_link::tick() {
    std::shared_ptr<frame_link> due;
    {
        const std::lock_guard lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        if (now - pinged_ >= ping_every) {
            pinged_ = now;
            due = link_;
        }
    }
    if (due) due->ping();
    book_.tick();
}

peer_link::state peer_link::now() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

std::string peer_link::why() const {
    const std::lock_guard lock(mutex_);
    return why_;
}

std::optional<wire::hello> peer_link::theirs() const {
    const std::lock_guard lock(mutex_);
    return theirs_;
}

nlohmann::json peer_link::status() const {
    const auto rtt = rtt_s();
    const std::lock_guard lock(mutex_);
    auto out = link_status(theirs_, rtt, *counts_);
    out["url"] = url_;
    out["state"] = name(state_);
    out["why"] = why_.empty() ? nlohmann::json(nullptr) : nlohmann::json(why_);
    return out;
}

} // namespace tw::peer
