// One link per peer and process, however many use it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "peer/peer_link.hpp"

namespace tw::peer {

// Does not keep the links: each lives as long as somebody uses it. Any thread.
class peer_links {
  public:
    // `mine`: this program's hello. Each link derives a session of its own from mine.session, so that one
    // machine reached under two addresses is not taken for one that came back.
    explicit peer_links(wire::hello mine) : mine_(std::move(mine)) {}

    // The link to that address with that token and fingerprint; a new one where there is none. Errors: as
    // net::connection::open().
    [[nodiscard]] result<std::shared_ptr<peer_link>> get(net::connection_options to);

  private:
    const wire::hello mine_;
    std::mutex mutex_;
    std::map<std::string, std::weak_ptr<peer_link>> links_; // by url and a hash of the secrets
};

} // namespace tw::peer
