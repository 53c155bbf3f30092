// Sessions come and go; what they share stays.
#include "peer/peer_host.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace tw::peer {
namespace {
constexpr auto tick_every = std::chrono::milliseconds{100};
}

peer_host::peer_host(const peer_host_options& options)
    : state_(std::make_shared<host_state>(options.mine, options.keep, options.direct_within, options.public_only)) {}

result<std::unique_ptr<peer_host>> peer_host::open(peer_host_options options) {
    std::unique_ptr<peer_host> made(new peer_host(options));
    auto* self = made.get();
    self->state_->starts = std::make_shared<errands>(std::chrono::hours{1}, nullptr);
    self->state_->questions = std::make_shared<errands>(std::chrono::hours{1}, nullptr);
    self->state_->housekeeping = std::make_shared<errands>(tick_every, [self] { self->tick(); });
    auto listening = net::listener::open(std::move(options.listen), {
        .opened = [self](const std::shared_ptr<net::session>& wire) { self->opened(wire); },
        .message = [self](net::session& wire, std::string_view bytes) {
            if (const auto session = self->find(wire.id())) session->received(bytes);
        },
        .closed = [self](net::session& wire, const error& why) {
            const auto session = self->find(wire.id());
            if (!session) return;
            session->lost(why.message);
            const std::lock_guard lock(self->mutex_);
            self->sessions_.erase(wire.id());
        },
        .http = std::move(options.http),
        .tunnel = std::move(options.tunnel),
    });
    if (!listening) return listening.error();
    made->listening_ = std::move(*listening);
    return made;
}

peer_host::~peer_host() {
    for (const auto& each : all()) each->goodbye("The machine stops serving.");
    listening_.reset();
    for (const auto& each : all()) each->lost("The machine stops serving.");
    state_->starts->stop();
    state_->questions->stop();
    state_->housekeeping->stop();
    state_->shelf->clear();
    const std::lock_guard lock(state_->mutex);
    state_->drafters.clear();
    state_->targets.clear();
}

void peer_host::opened(const std::shared_ptr<net::session>& wire) {
    const auto made = std::make_shared<host_session>(wire, state_, [this](const host_session& by) { replaced(by); });
    {
        const std::lock_guard lock(mutex_);
        sessions_[wire->id()] = made;
    }
    made->begin();
}

// A machine that is here again has lost its earlier link, whatever that looks like from here.
void peer_host::replaced(const host_session& by) {
    for (const auto& each : all()) {
        if (each.get() == &by || each->session() != by.session()) continue;
        each->goodbye("The same machine has connected again.");
    }
}

std::shared_ptr<host_session> peer_host::find(std::uint64_t id) const {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<host_session>> peer_host::all() const {
    std::vector<std::shared_ptr<host_session>> out;
    const std::lock_guard lock(mutex_);
    for (const auto& [id, each] : sessions_) out.push_back(each);
    return out;
}

void peer_host::tick() {
    for (const auto& each : all()) each->tick();
    state_->shelf->drop_old();
}

void peer_host::serve(std::shared_ptr<served_drafter> drafter) {
    auto name = drafter->engine().name;
    const std::lock_guard lock(state_->mutex);
    state_->drafters[std::move(name)] = std::move(drafter);
}

void peer_host::serve(served_target target) {
    auto name = target.engine.name;
    const std::lock_guard lock(state_->mutex);
    state_->targets[std::move(name)] = std::make_shared<served_target>(std::move(target));
}

void peer_host::withdraw(const std::string& name) {
    const std::lock_guard lock(state_->mutex);
    state_->drafters.erase(name);
    state_->targets.erase(name);
}

nlohmann::json peer_host::status() const {
    auto peers = nlohmann::json::array();
    for (const auto& each : all()) peers.push_back(each->status());
    return {{"peers", std::move(peers)}, {"kept_seats", state_->shelf->size()}};
}

} // namespace tw::peer
