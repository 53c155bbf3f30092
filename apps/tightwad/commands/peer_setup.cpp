// The file if there is one, defaults if not.
#include "commands/peer_setup.hpp"

#include "base/peer_address.hpp"
#include "config/paths.hpp"

namespace tw::cli {
namespace {

load_result defaults() { return parse("schema = 1\n[peer]\n", "", nullptr); }

// In place.
std::optional<std::vector<diagnostic>> complete(configuration& config) {
    if (config.peer) return std::nullopt;
    auto made = defaults();
    if (!made) return std::move(made.error());
    config.peer = std::move(made->peer);
    return std::nullopt;
}

} // namespace

boost::system::result<setup, std::vector<diagnostic>> load_peer_setup(const global_options& global) {
    if (is_without_file(global)) {
        auto config = defaults();
        if (!config) return config.error();
        return setup{std::move(*config), registry()};
    }
    auto loaded = load_setup(global);
    if (!loaded) return loaded;
    if (auto mistakes = complete(loaded->config)) return std::move(*mistakes);
    return loaded;
}

load_result load_peer_config(const global_options& global) {
    if (is_without_file(global)) return defaults();
    auto loaded = load_config(global);
    if (!loaded) return loaded;
    if (auto mistakes = complete(*loaded)) return std::move(*mistakes);
    return loaded;
}

std::string peer_url(const std::string& host, std::uint16_t port, bool tls) {
    return net::peer_address{host, port, tls}.url();
}

result<std::optional<std::string>> peer_token(const peer_config& peer) {
    if (!peer.token) return std::optional<std::string>();
    auto token = read_secret(*peer.token);
    if (!token) return token.error();
    return std::optional(std::move(*token));
}

} // namespace tw::cli
