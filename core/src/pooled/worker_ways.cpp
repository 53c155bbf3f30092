// A tunnel for each worker, and what the engine is told of them.
#include "pooled/worker_ways.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "pooled/peer_way.hpp"

namespace tw::pooled {
namespace {

// A start of the rpc-server over there may take its time.
constexpr auto patience = std::chrono::seconds{15};

result<net::tunnel_options> way_to(const pool_worker& worker) {
    net::tunnel_options out;
    out.name = "The worker " + worker.name;
    if (!worker.peer) {
        out.direct_host = worker.host;
        out.direct_port = worker.rpc_port;
        out.public_only = worker.public_only;
        return out;
    }
    auto to = way_to_peer(*worker.peer);
    if (!to) return to.error();
    to->connect_timeout = patience;
    out.peer = std::move(*to);
    out.path = net::tunnel_to(worker.rpc_port, worker.device);
    return out;
}

} // namespace

result<worker_ways> worker_ways::open(const pool_config& pool, const std::function<void(const error&)>& lost) {
    worker_ways out;
    out.output_ = pool.output;
    for (const auto& worker : pool.workers) {
        auto options = way_to(worker);
        if (!options) return options.error();
        auto through = net::tunnel::open(std::move(*options), {.lost = lost});
        if (!through) return through.error();
        out.ways_.push_back({worker, std::move(*through)});
    }
    return out;
}

std::string worker_ways::options_for(const std::string& options_json) const {
    auto options = nlohmann::json::parse(options_json);
    std::string addresses, names, vram, experts;
    bool on_cpu = true, all_say = true, placed = false;
    for (const auto& each : ways_) {
        const char* comma = addresses.empty() ? "" : ",";
        addresses += comma + std::string("127.0.0.1:") + std::to_string(each.through->port());
        names += comma + each.to.name;
        vram += comma + std::to_string(each.to.vram_bytes);
        if (*comma != '\0') experts += ';';
        for (const auto layer : each.to.experts)
            experts += (experts.empty() || experts.back() == ';' ? "" : ",") + std::to_string(layer);
        placed = placed || !each.to.experts.empty();
        on_cpu = on_cpu && each.to.device == "CPU";
        all_say = all_say && each.to.vram_bytes != 0;
    }
    options["rpc"] = addresses;
    options["rpc_names"] = names;
    options["rpc_on_cpu"] = on_cpu;
    options["rpc_output"] = output_;
    if (all_say) options["rpc_vram"] = vram;
    if (placed) options["rpc_experts"] = experts;
    // To compare cache settings would send the weights to the workers once for each.
    if (!options.contains("cache")) options["cache"] = "exact";
    return options.dump();
}

} // namespace tw::pooled
