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
#include "config/toml_text.hpp"
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

// What another machine needs to know of this one.
struct invitation {
    struct engine {
        std::string name, plugin;
        bool drafts = false, decides = false;
    };
    std::string machine;
    net::peer_address at;               // with an address of this machine where it listens on all of them
    std::string fingerprint;            // empty without TLS
    bool only_here = false;             // nobody else can reach it
    std::vector<std::string> addresses; // of this machine, where it listens on all of them
    bool needs_token = false;
    std::string token;                  // only where it is to be shown
    std::vector<engine> engines;
};

std::vector<invitation::engine> engines_of(const configuration& config) {
    const auto& peer = *config.peer;
    std::vector<invitation::engine> out;
    std::vector<std::string> names = peer.drafts;
    for (const auto& one : peer.targets)
        if (std::ranges::find(names, one) == names.end()) names.push_back(one);
    for (const auto& name : names) {
        const auto* node = config.node(name);
        out.push_back({name, node == nullptr ? "llamacpp" : node->plugin,
                       std::ranges::find(peer.drafts, name) != peer.drafts.end(),
                       std::ranges::find(peer.targets, name) != peer.targets.end()});
    }
    return out;
}

// But for the token.
result<invitation> invite(const configuration& config) {
    const auto& peer = *config.peer;
    invitation out;
    out.machine = peer.machine;
    out.at = where_it_listens(peer);
    out.only_here = is_loopback(out.at.host);
    if (out.at.tls) {
        const auto identity = net::load_or_make_identity(state_folder());
        if (!identity) return identity.error();
        out.fingerprint = identity->fingerprint;
    }
    if (out.at.host == "0.0.0.0" || out.at.host == "::") {
        out.addresses = own_addresses();
        if (out.at.host == "0.0.0.0")
            std::erase_if(out.addresses, [](const auto& one) { return one.find(':') != std::string::npos; });
        if (!out.addresses.empty()) out.at.host = out.addresses.front();
    }
    out.needs_token = peer.token.has_value();
    out.engines = engines_of(config);
    return out;
}

void print_engines(const invitation& what) {
    for (const auto& one : what.engines) {
        std::cout << "\n[backend." << toml_key(one.name) << "] # "
                  << (one.drafts && one.decides ? "may draft and decide" : one.drafts ? "may draft" : "may decide")
                  << "\nplugin = " << toml_string(one.plugin) << "\nurl = " << toml_string(what.at.url())
                  << "\nmodel = " << toml_string(one.name) << '\n';
        if (!what.fingerprint.empty()) std::cout << "fingerprint = " << toml_string(what.fingerprint) << '\n';
        if (what.needs_token) std::cout << "token = { env = \"TIGHTWAD_PEER_TOKEN\" }\n";
    }
    if (what.engines.empty())
        std::cout << "#\n# It serves no engines: name backends of its configuration in \"drafts\" or \"targets\" of "
                     "[peer].\n";
}

void print_token(const invitation& what) {
    if (!what.needs_token)
        std::cout << "\n# There is no token. To let other machines in, make one here and start the peer anew:\n"
                     "#   export TIGHTWAD_PEER_TOKEN=$(openssl rand -hex 32)\n";
    else if (what.token.empty())
        std::cout << "\n# The other machine needs this one's token in TIGHTWAD_PEER_TOKEN;\n"
                     "# `tightwad peer invite --show-token` prints it.\n";
    else
        std::cout << "\n# In the shell that starts Tightwad there:\n#   export TIGHTWAD_PEER_TOKEN="
                  << for_shell(what.token) << '\n';
}

void print(const invitation& what) {
    std::cout << "# For the configuration of a machine that uses " << what.machine << ".\n";
    if (what.only_here)
        std::cout << "# It listens on " << what.at.host << ", which only this machine can reach: set\n"
                     "# listen = \"0.0.0.0:" << what.at.port << "\" in [peer], and a token, to let others in.\n";
    if (!what.addresses.empty()) {
        std::cout << "# Addresses of this machine:";
        for (const auto& one : what.addresses) std::cout << ' ' << one;
        std::cout << '\n';
    } else if (what.at.host == "0.0.0.0" || what.at.host == "::") {
        std::cout << "# Addresses of this machine: none was found; put the right one into url.\n";
    }
    print_engines(what);
    print_token(what);
}

// What is not known, or not to be shown, is null.
void print_json(const invitation& what) {
    using json = nlohmann::ordered_json;
    const auto maybe = [](const std::string& text) { return text.empty() ? json() : json(text); };
    auto engines = json::array();
    for (const auto& one : what.engines)
        engines.push_back(
            {{"name", one.name}, {"plugin", one.plugin}, {"drafts", one.drafts}, {"decides", one.decides}});
    const json out{{"machine", what.machine},
                   {"url", what.at.url()},
                   {"fingerprint", maybe(what.fingerprint)},
                   {"only_this_machine", what.only_here},
                   {"addresses", what.addresses},
                   {"needs_token", what.needs_token},
                   {"token", maybe(what.token)},
                   {"engines", std::move(engines)}};
    std::cout << out.dump(2, ' ', false, json::error_handler_t::replace) << '\n';
}

} // namespace

int peer_invite(const global_options& global, const peer_invite_options& options) {
    const auto config = load_peer_config(global);
    if (!config) return report_mistakes(config.error());
    auto made = invite(*config);
    if (!made) return complain(made.error().message, exit_failure);
    if (options.show_token) {
        const auto token = peer_token(*config->peer);
        if (!token) return complain(token.error().message, exit_usage);
        made->token = token->value_or("");
    }
    if (options.json) print_json(*made);
    else print(*made);
    std::cout.flush();
    return exit_ok;
}

} // namespace tw::cli
