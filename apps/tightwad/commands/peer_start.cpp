// `tightwad peer start`: loads the engines of [peer], then listens for other machines until a signal.
#include <atomic>
#include <iostream>
#include <map>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "agent/agent.hpp"
#include "commands/commands.hpp"
#include "commands/descriptors.hpp"
#include "commands/peer_setup.hpp"
#include "commands/pid_file.hpp"
#include "commands/signal_watch.hpp"
#include "commands/stop_flag.hpp"
#include "commands/terminal.hpp"
#include "config/paths.hpp"
#include "config/units.hpp"
#include "net/identity.hpp"
#include "net/listener.hpp"
#include "peer/peer_host.hpp"
#include "peer/peer_link.hpp"
#include "pipeline/check.hpp"
#include "pipeline/remote.hpp"
#include "pipeline/served.hpp"

namespace tw::cli {
namespace {

result<void> apply(const peer_start_options& options, peer_config& peer) {
    if (auto whole = parse_listen(options.listen)) {
        peer.host = std::move(whole->first);
        peer.port = whole->second;
    } else if (auto bare = parse_listen(options.listen + ":1"); bare && !options.listen.empty())
        peer.host = std::move(bare->first);
    else if (!options.listen.empty())
        return fail(code::invalid_argument, "--listen takes an address such as 0.0.0.0, 192.168.1.20:9191 or [::], not \"" +
                                                options.listen + "\".");
    if (options.port) peer.port = *options.port;
    if (!is_loopback(peer.host) && !peer.token)
        return fail(code::denied, "Listening on " + peer.host + " lets other machines in, and there is no token: set "
                                  "TIGHTWAD_PEER_TOKEN (`openssl rand -hex 32` makes one), or token in [peer].");
    return {};
}

result<net::listener_options> listener_options(const peer_config& peer) {
    net::listener_options out;
    out.limits = peer::limits_for_frames();
    out.host = peer.host;
    out.port = peer.port;
    auto token = peer_token(peer);
    if (!token) return token.error();
    out.token = std::move(*token);
    if (!peer.uses_tls()) return out;
    auto identity = net::load_or_make_identity(state_folder());
    if (!identity) return identity.error();
    out.tls = std::move(*identity);
    return out;
}

// With TLS: the same management without it, on loopback, for `peer status` on this machine.
net::listener_options local_options(const net::listener_options& options) {
    net::listener_options out;
    out.port = 0;
    out.token = options.token;
    return out;
}

std::string loopback_url(const std::string& host, std::uint16_t port) {
    server_config as_server;
    as_server.host = host;
    as_server.port = port;
    return as_server.url();
}

std::vector<agent::served_engine> list_of(const served_engines& engines) {
    std::map<std::string, agent::served_engine> out; // a backend may be served as both
    for (const auto& each : engines.drafters) {
        auto& entry = out[each.what->engine().name];
        entry.model = each.model;
        entry.drafter = true;
    }
    for (const auto& each : engines.targets) {
        auto& entry = out[each.what.engine.name];
        entry.model = each.model;
        entry.target = true;
        entry.exactness = name(each.what.engine.exactness);
    }
    std::vector<agent::served_engine> list;
    for (auto& [name, entry] : out) {
        entry.name = name;
        list.push_back(std::move(entry));
    }
    return list;
}

void announce(const peer_config& peer, const std::vector<agent::served_engine>& engines,
              const net::listener_options& options) {
    std::cout << "Tightwad " TIGHTWAD_VERSION " peer " << peer.machine << " at "
              << peer_url(peer.host, peer.port, peer.uses_tls()) << ", ";
    std::string list;
    for (const auto& one : engines)
        list += (list.empty() ? "engines " : ", ") + one.name +
                (one.drafter && one.target ? " (drafts, decides)" : one.drafter ? " (drafts)" : " (decides)");
    std::cout << (list.empty() ? "no engines" : list) << (options.token ? ", token asked" : ", no token");
    if (options.tls) std::cout << ", fingerprint " << options.tls->fingerprint;
    std::cout << std::endl;
}

// The management alone, for this machine: links are sent to the port that is for them.
net::listener_events management_only(const std::function<net::http_reply(const net::http_request&)>& http) {
    net::listener_events out;
    out.opened = [](const std::shared_ptr<net::session>& link) { link->close("This port is for `tightwad peer status`."); };
    out.message = [](net::session&, std::string_view) {};
    out.closed = [](net::session&, const error&) {};
    out.http = http;
    return out;
}

int refuse(const error& why) {
    const bool wrongly_asked = why.code == code::invalid_argument || why.code == code::denied;
    return complain(why.message, wrongly_asked ? exit_usage : exit_failure);
}

int run(setup& what, const net::listener_options& options) {
    auto& peer = *what.config.peer;
    stop_flag stop;
    const signal_watch signals([&] { stop.raise(); });
    progress_line line("loading engines");
    const auto engines = load_served(what.config, what.plugins, [&](float part) {
        line.show(part);
        return !stop.is_raised();
    });
    line.clear();
    if (stop.is_raised()) return exit_ok;
    if (!engines) return complain(engines.error().message, exit_failure);
    const auto list = list_of(*engines);

    std::atomic<const peer::peer_host*> links = nullptr; // for the agent, which must be there before it
    agent::agent management({.config = peer,
                             .version = TIGHTWAD_VERSION,
                             .url = peer_url(peer.host, peer.port, peer.uses_tls()),
                             .state = state_folder(),
                             .engines = [&] { return list; },
                             .sessions = [&] {
                                 const auto* open = links.load();
                                 return open == nullptr ? std::size_t{0} : open->sessions();
                             }});
    const auto http = [&](const net::http_request& request) { return management.handle(request); };
    std::unique_ptr<net::listener> local;
    if (options.tls) {
        auto opened = net::listener::open(local_options(options), management_only(http));
        if (!opened) return refuse(opened.error());
        local = std::move(*opened);
    }
    const auto tunnel = [&](const std::string& target) { return management.tunnel(target); };
    const auto host = peer::peer_host::open({.listen = options, .mine = hello_of(peer.machine), .http = http, .tunnel = tunnel,
                                             .public_only = !what.config.server.private_upstreams});
    if (!host) return refuse(host.error());
    for (const auto& each : engines->drafters) (*host)->serve(each.what);
    for (const auto& each : engines->targets) (*host)->serve(each.what);
    links = host->get();
    const auto url = local ? loopback_url("127.0.0.1", local->port()) : loopback_url(peer.host, peer.port);
    const auto mark = pid_file::write(peer_pid_file_path(), url, peer_url(peer.host, peer.port, peer.uses_tls()));
    if (!mark) return complain(mark.error().message, exit_failure);
    spdlog::info("event=peer_listening url={} machine=\"{}\"", peer_url(peer.host, peer.port, peer.uses_tls()), peer.machine);
    announce(peer, list, options);
    stop.wait();
    spdlog::info("event=peer_stopping");
    local.reset(); // before `links` dangles
    return exit_ok;
}

} // namespace

int peer_start(const global_options& global, const peer_start_options& options) {
    log_to_stderr("info");
    auto what = load_peer_setup(global);
    if (!what) return report_mistakes(what.error());
    block_stop_signals();
    allow_many_descriptors();
    if (const auto mistakes = check_pipelines(what->config, what->plugins); !mistakes.empty())
        return report_mistakes(mistakes);
    if (const auto applied = apply(options, *what->config.peer); !applied) return refuse(applied.error());
    if (const auto other = find_serving(peer_pid_file_path()))
        return complain("A peer already runs at " + other->links + " (pid " + std::to_string(other->pid) +
                            "); stop it with `tightwad peer stop`.",
                        exit_failure);
    const auto listener = listener_options(*what->config.peer);
    if (!listener) return complain(listener.error().message, exit_usage);
    log_to_file("peer");
    return run(*what, *listener);
}

} // namespace tw::cli
