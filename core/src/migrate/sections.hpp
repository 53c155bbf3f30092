// The sections of a cluster.yaml, each read by its own function.
#pragma once

#include "migrate/cluster.hpp"
#include "migrate/section.hpp"

namespace tw::migrate {

[[nodiscard]] proxy_section read_proxy(const toml_tree::value& map, differences& out,
                                       std::vector<diagnostic>& mistakes);
[[nodiscard]] coordinator_section read_coordinator(const toml_tree::value& map, differences& out);
[[nodiscard]] peer_section read_peer(const toml_tree::value& map, differences& out);

// A token's place; what it is stays where it stands.
[[nodiscard]] token read_token(section& from);

// `host`, or none and a difference where it is no name and no address.
[[nodiscard]] std::optional<std::string> read_host(section& from, differences& out);

} // namespace tw::migrate
