// What the commands of a peer begin with; a peer that only manages needs no configuration file.
#pragma once

#include <string>

#include "commands/commands.hpp"
#include "commands/setup.hpp"
#include "config/config.hpp"

namespace tw::cli {

// As load_setup() and load_config(), but `peer` is always there: its defaults where the file has no [peer], or
// where there is no file at all and none was asked for.
[[nodiscard]] boost::system::result<setup, std::vector<diagnostic>> load_peer_setup(const global_options& global);
[[nodiscard]] load_result load_peer_config(const global_options& global);

// "tws://0.0.0.0:9191".
[[nodiscard]] std::string peer_url(const std::string& host, std::uint16_t port, bool tls);

// The token, if one is configured; the error says why it cannot be read.
[[nodiscard]] result<std::optional<std::string>> peer_token(const peer_config& peer);

} // namespace tw::cli
