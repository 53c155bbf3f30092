// A peer without engines: every link is told so and closed.
#include "commands/peer_engines.hpp"

namespace tw::cli {

net::listener_events peer_engines::events() const {
    net::listener_events out;
    out.opened = [](const std::shared_ptr<net::session>& link) { link->close("This peer serves no engines."); };
    out.message = [](net::session&, std::string_view) {};
    out.closed = [](net::session&, const error&) {};
    return out;
}

std::vector<agent::served_engine> peer_engines::list() const { return {}; }

result<peer_engines> load_peer_engines(const configuration&, const registry&, const std::function<bool(float)>&) {
    return peer_engines();
}

} // namespace tw::cli
