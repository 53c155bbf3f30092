// A link is found by where it leads and with which token.
#include "peer/peer_links.hpp"

#include <functional>
#include <utility>

#include "sampling/noise.hpp"

namespace tw::peer {

result<std::shared_ptr<peer_link>> peer_links::get(net::connection_options to) {
    const auto key = to.peer.url() + ' ' + std::to_string(std::hash<std::string>{}(to.token + ' ' + to.fingerprint));
    const std::lock_guard lock(mutex_);
    std::erase_if(links_, [](const auto& each) { return each.second.expired(); });
    if (auto found = links_[key].lock()) return found;
    auto mine = mine_;
    mine.session = mix64(mine.session ^ std::hash<std::string>{}(key));
    auto made = peer_link::open(std::move(to), std::move(mine));
    if (made) links_[key] = *made;
    return made;
}

} // namespace tw::peer
