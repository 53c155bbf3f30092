// What other processes and machines answer.
#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "agent/library_version.hpp"
#include "base/text.hpp"
#include "bridge/wait_for_reply.hpp"
#include "commands/doctor_checks.hpp"
#include "commands/http_client.hpp"
#include "commands/pid_file.hpp"
#include "commands/pool_status.hpp"
#include "commands/status_json.hpp"
#include "net/peer_questions.hpp"
#include "pipeline/nodes.hpp"
#include "pooled/other_builds.hpp"
#include "pooled/peer_way.hpp"
#include "pooled/rpc_client.hpp"
#include "pooled/worker_ways.hpp"

namespace tw::cli {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto patience = 5s, server_patience = 60s; // a server's plugin has limits of its own

// --- the endpoint

finding finding_of_pool(const json& pool, const std::string& of) {
    const auto state = text(pool, "state");
    const auto how = state == "up" ? verdict::ok : state == "starting" ? verdict::warn : verdict::fail;
    return {"pool " + text(pool, "name") + " of " + of, how, pool_state_text(pool)};
}

void look_at_replicas(const json& replicas, const std::string& of, std::vector<finding>& out) {
    std::string down;
    std::size_t up = 0;
    for (const auto& one : replicas) {
        if (const auto& pool = part(part(one, "status"), "pool"); pool.is_object()) out.push_back(finding_of_pool(pool, of));
        if (part(one, "up") == json(true)) ++up;
        else down += (down.empty() ? "" : ", ") + text(one, "name");
    }
    if (down.empty()) out.push_back({"pipeline " + of, verdict::ok, "all its targets are up"});
    else
        out.push_back({"pipeline " + of, up == 0 ? verdict::fail : verdict::warn,
                       (up == 0 ? "none of its targets is up: " : "some of its targets are down: ") + down});
}

void look_at_pipeline(const json& pipeline, const configuration& config, std::vector<finding>& out) {
    const auto name = text(pipeline, "name");
    if (const auto& replicas = part(pipeline, "replicas"); replicas.is_array()) return look_at_replicas(replicas, name, out);
    if (const auto& pool = part(pipeline, "pool"); pool.is_object()) return out.push_back(finding_of_pool(pool, name));
    const auto& target = part(pipeline, "target");
    const bool down = part(pipeline, "up") == json(false) || part(target, "up") == json(false);
    const auto why = text(part(pipeline, "peer"), "why");
    if (down)
        out.push_back({"pipeline " + name, verdict::fail, "its target is not reached" + (why.empty() ? "." : ": " + why)});
    else out.push_back({"pipeline " + name, verdict::ok, "serves " + joined(part(pipeline, "serves"))});
    const bool drafted = std::ranges::any_of(config.pipelines, [&](const auto& one) { return one.name == name && !one.draft.empty(); });
    if (const auto no_draft = text(part(pipeline, "speculation"), "why_not"); drafted && !down && !no_draft.empty())
        out.push_back({"drafts of " + name, verdict::warn, no_draft});
}

// True when it runs.
bool look_at_endpoint(const configuration& config, std::vector<finding>& out) {
    if (config.pipelines.empty()) return false;
    if (!find_serving(config.server.port)) {
        out.push_back({"endpoint", verdict::skip, "none of this machine serves port " + std::to_string(config.server.port) +
                                                  "; `tightwad start` starts it"});
        return false;
    }
    const auto token = read_secret(config.server.token);
    if (!token) {
        out.push_back({"endpoint", verdict::fail, token.error().message});
        return true;
    }
    const auto answer = fetch(config.server, {.method = "GET", .path = "/v1/tightwad/status", .body = {}, .token = *token,
                                              .patience = patience});
    if (!answer || answer->status != 200) {
        out.push_back({"endpoint", verdict::fail, answer ? refusal_sentence(*answer) : answer.error().message});
        return true;
    }
    out.push_back({"endpoint", verdict::ok, config.server.url()});
    const auto status = json::parse(answer->body, nullptr, false);
    for (const auto& each : part(status, "pipelines")) look_at_pipeline(each, config, out);
    return true;
}

// --- peers, each asked once

class peers {
  public:
    struct answers {
        std::string problem; // empty = it answered
        json health, rpc;
    };

    const answers& of(const peer_ref& peer) {
        const auto [found, is_new] = asked_.try_emplace(peer.url);
        if (is_new) found->second = ask(peer);
        return found->second;
    }

  private:
    static answers ask(const peer_ref& peer) {
        auto to = pooled::way_to_peer(peer);
        if (!to) return {to.error().message, {}, {}};
        to->connect_timeout = patience;
        const auto got = net::ask_peer(*to, {"/v1/peer/health", "/v1/peer/rpc"});
        if (!got) return {got.error().message, {}, {}};
        return {{}, parsed((*got)[0].body), parsed((*got)[1].body)};
    }

    std::map<std::string, answers> asked_;
};

finding finding_of_backend(const node_config& node, const peers::answers& said) {
    const auto what = "backend " + node.name;
    if (!said.problem.empty()) return {what, verdict::fail, said.problem};
    std::string served;
    std::size_t count = 0;
    for (const auto& one : part(said.health, "engines")) {
        const auto name = text(one, "name");
        if (name == node.peer->model) return {what, verdict::ok, node.peer->url + " serves " + name};
        served += (served.empty() ? "" : ", ") + name;
        ++count;
    }
    if (node.peer->model.empty() && count == 1) return {what, verdict::ok, node.peer->url + " serves " + served};
    return {what, verdict::fail,
            node.peer->url + (served.empty() ? " serves no engine" : " serves " + served) +
                (node.peer->model.empty() ? "; name one by \"model\"."
                                          : ", not \"" + node.peer->model + "\". Check \"model\", or its [peer] table.")};
}

// --- workers

finding finding_of_worker(const pool_worker& worker, const peers::answers& said) {
    const auto what = "worker " + worker.name;
    if (!said.problem.empty()) return {what, verdict::fail, said.problem};
    for (const auto& one : part(said.rpc, "rpc")) {
        if (part(one, "port") != json(worker.rpc_port)) continue;
        const auto state = text(one, "state");
        if (state == "stopped")
            return {what, verdict::fail, "its rpc-server is stopped by a signal; `kill -CONT " + part(one, "pid").dump() +
                                             "` there lets it go on."};
        if (state != "running") continue;
        const auto device = text(one, "device");
        if (!device.empty() && !worker.device.empty() && device != worker.device)
            return {what, verdict::fail, "its rpc-server computes on " + device + ", not on " + worker.device +
                                             "; stop it there, or choose another rpc_port."};
        return {what, verdict::ok, "its rpc-server runs" + (device.empty() ? "" : " on " + device)};
    }
    return {what, verdict::ok, worker.peer->url + " answers, and starts its rpc-server when it is needed"};
}

// An rpc-server without a peer serves one program at a time, so it is greeted only while the endpoint does not run.
void greet(const pool_config& pool, std::vector<finding>& out) {
    std::mutex mutex;
    std::string lost;
    const auto ways = pooled::worker_ways::open(pool, [&](const error& why) {
        const std::lock_guard lock(mutex);
        lost = why.message;
    });
    for (std::size_t i = 0; ways && i < pool.workers.size(); ++i) {
        if (pool.workers[i].peer) continue;
        const auto greeted = pooled::rpc_client::connect(ways->port(i), pool.workers[i].name, patience);
        const std::lock_guard lock(mutex);
        const auto why = std::exchange(lost, {});
        if (greeted) out.push_back({"worker " + pool.workers[i].name, verdict::ok, "its rpc-server answers"});
        else
            out.push_back({"worker " + pool.workers[i].name, verdict::fail,
                           greeted.error().code == code::unavailable && !why.empty() ? why : greeted.error().message});
    }
    if (!ways) out.push_back({"pool " + pool.name, verdict::fail, ways.error().message});
}

void look_at_workers(const configuration& config, peers& known, bool endpoint_runs, std::vector<finding>& out) {
    for (const auto& pool : config.pools) {
        bool open = false;
        for (const auto& worker : pool.workers) {
            open = open || !worker.peer;
            if (worker.peer) out.push_back(finding_of_worker(worker, known.of(*worker.peer)));
        }
        if (open && !endpoint_runs) greet(pool, out);
        for (const auto& warning : pooled::other_builds(pool, pool.server.empty() ? agent::ggml_version_of(::getpid()) : std::string()))
            out.push_back({"pool " + pool.name, verdict::warn, warning});
    }
}

// How busy it is, where it says that.
std::string load_of(backend& server) {
    const auto said = ask_and_wait(server, "load", "{}", server_patience, {});
    const auto load = said ? parsed(*said) : json();
    const auto slots = part(load, "slots"), busy = part(load, "busy");
    if (!slots.is_number_unsigned() || !busy.is_number_unsigned()) return {};
    return "; " + busy.dump() + " of its " + slots.dump() + (slots == 1 ? " slot is busy" : " slots are busy");
}

void look_at_servers(const setup& what, std::vector<finding>& out) {
    for (const auto& node : what.config.nodes) {
        const auto used = resolve(what.config, what.plugins, node.name);
        if (!node.server || used.as_backend == nullptr) continue;
        const auto server = open_backend(used, what.config.server);
        const auto said = server ? ask_and_wait(**server, "health", "{}", server_patience, {}) : result<std::string>(server.error());
        if (said) out.push_back({"backend " + node.name, verdict::ok, "its server answers" + load_of(**server)});
        else if (said.error().code == code::unsupported)
            out.push_back({"backend " + node.name, verdict::skip, "the plugin " + node.plugin + " cannot ask its server how it is"});
        else out.push_back({"backend " + node.name, verdict::fail, said.error().message});
    }
}

} // namespace

void look_around(const setup& what, std::vector<finding>& out) {
    const bool endpoint_runs = look_at_endpoint(what.config, out);
    peers known;
    for (const auto& node : what.config.nodes)
        if (node.peer) out.push_back(finding_of_backend(node, known.of(*node.peer)));
    look_at_workers(what.config, known, endpoint_runs, out);
    look_at_servers(what, out);
}

} // namespace tw::cli
