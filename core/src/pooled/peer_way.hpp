// From what the configuration says of a peer to a connection.
#pragma once

#include "config/config.hpp"
#include "net/connection.hpp"

namespace tw::pooled {

// Address, fingerprint, token and which addresses may be dialled; the rest is as usual. Errors: an address that makes no
// sense, a token that cannot be read.
[[nodiscard]] result<net::connection_options> way_to_peer(const peer_ref& peer);

} // namespace tw::pooled
