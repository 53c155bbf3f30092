// `tightwad peer invite`: what another machine writes into its configuration to use this one.
#include <algorithm>
#include <array>
#include <iostream>
#include <set>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <nlohmann/json.hpp>

#include "base/peer_address.hpp"
#include "commands/commands.hpp"
#include "commands/peer_setup.hpp"
#include "commands/pid_file.hpp"
#include "commands/terminal.hpp"
#include "config/paths.hpp"
#include "net/identity.hpp"

namespace tw::cli {
namespace {

// Of the interfaces that are up: IPv4 first, without loopback and without those that need a scope.
std::vector<std::string> own_addresses() {
    std::vector<std::string> v4, v6;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return {};
    for (const auto* one = list; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0 || (one->ifa_flags & IFF_LOOPBACK) != 0) continue;
        std::array<char, INET6_ADDRSTRLEN> text{};
        if (one->ifa_addr->sa_family == AF_INET) {
            const auto& address = *reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
            v4.emplace_back(::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size()));
        } else if (one->ifa_addr->sa_family == AF_INET6) {
            const auto& address = *reinterpret_cast<const sockaddr_in6*>(one->ifa_addr);
            if (IN6_IS_ADDR_LINKLOCAL(&address.sin6_addr) == 0)
                v6.emplace_back(::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size()));
        }
    }
    ::freeifaddrs(list);
    v4.insert(v4.end(), v6.begin(), v6.end());
    return v4;
}

// A TOML string; JSON escapes the same characters.
std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string key(const std::string& name) {
    const bool bare = !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    return bare ? name : quoted(name);
}

std::string for_shell(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

// Where the peer listens: the running one knows, else the configuration.
net::peer_address where_it_listens(const peer_config& peer) {
    if (const auto running = find_serving(peer_pid_file_path()))
        if (auto address = net::parse_peer_address(running->links)) return std::move(*address);
    return {peer.host, peer.port, peer.uses_tls()};
}

void print_engines(const configuration& config, const net::peer_address& at, const std::string& fingerprint,
                   bool with_token) {
    const auto& peer = *config.peer;
    std::vector<std::string> names = peer.drafts;
    for (const auto& one : peer.targets)
        if (std::ranges::find(names, one) == names.end()) names.push_back(one);
    for (const auto& name : names) {
        const bool drafts = std::ranges::find(peer.drafts, name) != peer.drafts.end();
        const bool decides = std::ranges::find(peer.targets, name) != peer.targets.end();
        const auto* node = config.node(name);
        std::cout << "\n[backend." << key(name) << "] # "
                  << (drafts && decides ? "may draft and decide" : drafts ? "may draft" : "may decide") << "\nplugin = "
                  << quoted(node == nullptr ? "llamacpp" : node->plugin) << "\nurl = " << quoted(at.url())
                  << "\nmodel = " << quoted(name) << '\n';
        if (!fingerprint.empty()) std::cout << "fingerprint = " << quoted(fingerprint) << '\n';
        if (with_token) std::cout << "token = { env = \"TIGHTWAD_PEER_TOKEN\" }\n";
    }
    if (names.empty())
        std::cout << "#\n# It serves no engines: name backends of its configuration in \"drafts\" or \"targets\" of [peer].\n";
}

int print_token(const peer_config& peer, bool show) {
    if (!peer.token) {
        std::cout << "\n# There is no token. To let other machines in, make one here and start the peer anew:\n"
                     "#   export TIGHTWAD_PEER_TOKEN=$(openssl rand -hex 32)\n";
        return exit_ok;
    }
    if (!show) {
        std::cout << "\n# The other machine needs this one's token in TIGHTWAD_PEER_TOKEN;\n"
                     "# `tightwad peer invite --show-token` prints it.\n";
        return exit_ok;
    }
    const auto token = peer_token(peer);
    if (!token) return complain(token.error().message, exit_usage);
    std::cout << "\n# In the shell that starts Tightwad there:\n#   export TIGHTWAD_PEER_TOKEN="
              << for_shell(token->value_or("")) << '\n';
    return exit_ok;
}

} // namespace

int peer_invite(const global_options& global, bool show_token) {
    const auto config = load_peer_config(global);
    if (!config) return report_mistakes(config.error());
    auto at = where_it_listens(*config->peer);
    std::string fingerprint;
    if (at.tls) {
        const auto identity = net::load_or_make_identity(state_folder());
        if (!identity) return complain(identity.error().message, exit_failure);
        fingerprint = identity->fingerprint;
    }
    std::cout << "# For the configuration of a machine that uses " << config->peer->machine << ".\n";
    if (is_loopback(at.host))
        std::cout << "# It listens on " << at.host << ", which only this machine can reach: set\n"
                     "# listen = \"0.0.0.0:" << at.port << "\" in [peer], and a token, to let others in.\n";
    if (at.host == "0.0.0.0" || at.host == "::") {
        auto addresses = own_addresses();
        if (at.host == "0.0.0.0") std::erase_if(addresses, [](const auto& one) { return one.find(':') != std::string::npos; });
        std::cout << "# Addresses of this machine:";
        for (const auto& one : addresses) std::cout << ' ' << one;
        std::cout << (addresses.empty() ? " none was found; put the right one into url.\n" : "\n");
        if (!addresses.empty()) at.host = addresses.front();
    }
    print_engines(*config, at, fingerprint, config->peer->token.has_value());
    const auto code = print_token(*config->peer, show_token);
    std::cout.flush();
    return code;
}

} // namespace tw::cli
