// The token is read anew each time.
#include "pooled/peer_way.hpp"

#include <utility>

namespace tw::pooled {

result<net::connection_options> way_to_peer(const peer_ref& peer) {
    auto address = net::parse_peer_address(peer.url);
    if (!address) return address.error();
    auto token = read_secret(peer.token);
    if (!token) return token.error();
    net::connection_options out;
    out.peer = std::move(*address);
    out.fingerprint = peer.fingerprint;
    out.public_only = peer.public_only;
    out.token = std::move(*token);
    return out;
}

} // namespace tw::pooled
