// Small questions to another machine's agent, as docs/peers.md lists them.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "net/connection.hpp"

namespace tw::net {

struct peer_answer {
    unsigned status = 0;
    std::string body; // at most 1 MiB
};

// GETs each path on one connection and blocks until all are answered; `connect_timeout` is the limit for each. Errors:
// those of connection::open() and of its `down` event, in the same words.
[[nodiscard]] result<std::vector<peer_answer>> ask_peer(const connection_options& options,
                                                        const std::vector<std::string>& paths);

} // namespace tw::net
