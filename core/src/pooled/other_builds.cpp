// Each peer lists its rpc-servers with what they compute with.
#include "pooled/other_builds.hpp"

#include <nlohmann/json.hpp>

#include "base/json_depth.hpp"
#include "base/text.hpp"
#include "net/peer_questions.hpp"
#include "pooled/peer_way.hpp"

namespace tw::pooled {
namespace {

// Of the rpc-server on that port; empty where the peer does not say.
std::string ggml_of(const peer_ref& peer, std::uint16_t port) {
    const auto to = way_to_peer(peer);
    if (!to) return {};
    const auto answers = net::ask_peer(*to, {"/v1/peer/rpc"});
    if (!answers || json_deeper_than(answers->front().body, 8)) return {};
    const auto said = nlohmann::json::parse(answers->front().body, nullptr, false);
    if (!said.is_object() || !said.contains("rpc") || !said["rpc"].is_array()) return {};
    for (const auto& one : said["rpc"]) {
        if (!one.is_object() || one.value("port", nlohmann::json()) != port) continue;
        const auto ggml = one.value("ggml", nlohmann::json());
        return ggml.is_string() ? to_valid_utf8(cut_utf8(ggml.get<std::string>(), 32)) : std::string();
    }
    return {};
}

} // namespace

std::vector<std::string> other_builds(const pool_config& pool, const std::string& own) {
    std::vector<std::string> out;
    if (own.empty()) return out;
    for (const auto& worker : pool.workers) {
        if (!worker.peer) continue;
        const auto theirs = ggml_of(*worker.peer, worker.rpc_port);
        if (!theirs.empty() && theirs != own)
            out.push_back("The rpc-server of the worker " + worker.name + " computes with ggml " + theirs + ", and the model is "
                          "held by ggml " + own + ": they speak one protocol, but nobody has tried them together. Build the "
                          "worker by apps/build-worker.sh of this version; --skip-version-check asks no worker.");
    }
    return out;
}

} // namespace tw::pooled
