// Each peer lists its rpc-servers with what they compute with.
#include "pooled/other_builds.hpp"

#include <map>

#include <nlohmann/json.hpp>

#include "base/json_depth.hpp"
#include "base/text.hpp"
#include "net/peer_questions.hpp"
#include "pooled/peer_way.hpp"

namespace tw::pooled {
namespace {

using nlohmann::json;

// What a peer lists; no list where it does not say.
json rpc_servers_of(const peer_ref& peer) {
    const auto to = way_to_peer(peer);
    if (!to) return {};
    const auto answers = net::ask_peer(*to, {"/v1/peer/rpc"});
    if (!answers || json_deeper_than(answers->front().body, 8)) return {};
    const auto said = json::parse(answers->front().body, nullptr, false);
    return said.is_object() && said.contains("rpc") && said["rpc"].is_array() ? said["rpc"] : json();
}

// Of the rpc-server on that port; empty where nothing is said.
std::string ggml_of(const json& listed, std::uint16_t port) {
    for (const auto& one : listed) {
        if (!one.is_object() || one.value("port", json()) != port) continue;
        const auto ggml = one.value("ggml", json());
        return ggml.is_string() ? to_valid_utf8(cut_utf8(ggml.get<std::string>(), 32)) : std::string();
    }
    return {};
}

} // namespace

std::vector<std::string> other_builds(const pool_config& pool, const std::string& own) {
    std::vector<std::string> out;
    if (own.empty()) return out;
    std::map<std::string, json> listed; // by the peer's address
    for (const auto& worker : pool.workers) {
        if (!worker.peer) continue;
        const auto [of, is_new] = listed.try_emplace(worker.peer->url);
        if (is_new) of->second = rpc_servers_of(*worker.peer);
        const auto theirs = ggml_of(of->second, worker.rpc_port);
        if (!theirs.empty() && theirs != own)
            out.push_back("The rpc-server of the worker " + worker.name + " computes with ggml " + theirs + ", and the model is "
                          "held by ggml " + own + ": they speak one protocol, but nobody has tried them together. Build the "
                          "worker by apps/build-worker.sh of this version; --skip-version-check asks no worker.");
    }
    return out;
}

} // namespace tw::pooled
