// [pool.NAME]: the machines whose rpc-servers hold one model together.
#include <algorithm>

#include "base/peer_address.hpp"
#include "base/text.hpp"
#include "config/paths.hpp"
#include "config/sections.hpp"
#include "config/units.hpp"

namespace tw::sections {
namespace {

using toml_tree::value;

constexpr std::size_t most_workers = 16; // llama.cpp's GGML_RPC_MAX_SERVERS
constexpr std::uint16_t usual_rpc_port = 50052;

bool is_host(std::string_view text) {
    return !text.empty() && text.size() <= 255 && text.find_first_of(" /[]\"\\") == std::string_view::npos &&
           std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) <= 0x20; });
}

// What a path of a URL carries as it is.
bool is_device(std::string_view text) {
    constexpr std::string_view others = "_-.,";
    return !text.empty() && text.size() <= 200 && std::ranges::all_of(text, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               others.find(c) != std::string_view::npos;
    });
}

void read_vram(table_reader& reader, pool_worker& worker, report& out) {
    const auto* found = reader.take("vram");
    if (found == nullptr) return;
    std::optional<std::size_t> bytes;
    if (found->value.type == value::kind::text) bytes = parse_size(found->value.text);
    if (bytes && *bytes > 0) worker.vram_bytes = *bytes;
    else out.add(found->value.at, "\"vram\" must be a size such as \"8GB\" or \"24GiB\".");
}

void read_experts(table_reader& reader, const value& table, pool_worker& worker, report& out) {
    const auto text = reader.text("experts");
    if (!text) return;
    if (*text == "balanced") worker.balanced_experts = true;
    else if (auto layers = parse_ranges(*text)) worker.experts = std::move(*layers);
    else
        out.add(table.find("experts")->value.at, "\"experts\" must be \"balanced\", or numbers of layers, each once and below "
                                                 "4096, such as \"0-11,20\".");
}

void read_way(table_reader& reader, const value& table, pool_worker& worker, report& out) {
    const bool has_host = reader.has("host"), has_url = reader.has("url");
    const auto host = reader.text("host"), url = reader.text("url");
    auto token = reader.secret("token");
    const auto fingerprint = reader.text("fingerprint");
    if (has_host == has_url)
        return out.add(table.at,
                       "A worker needs either \"url\", the peer that runs its rpc-server (tws://HOST:9191), or "
                       "\"host\", where an rpc-server listens without protection.");
    if (has_host) {
        if (host && is_host(*host)) worker.host = *host;
        else if (host)
            out.add(table.find("host")->value.at, "\"host\" must be a name or an IP address without brackets.");
        for (const char* key : {"token", "fingerprint"})
            if (const auto* misplaced = table.find(key))
                out.add(misplaced->at, "\"" + std::string(key) +
                                           "\" belongs to a \"url\"; an rpc-server at \"host\" knows "
                                           "neither token nor certificate.");
        return;
    }
    if (!url) return;
    const auto address = net::parse_peer_address(*url);
    if (!address) return out.add(table.find("url")->value.at, address.error().message);
    worker.peer = peer_ref{address->url(), {}, std::move(token), {}};
    worker.host = address->host;
    if (fingerprint) worker.peer->fingerprint = *fingerprint;
    auto& digits = worker.peer->fingerprint;
    digits = lower(digits);
    const bool sound = digits.size() == 64 && digits.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (address->tls && !sound)
        out.add(table.at,
                "A worker behind tws:// needs the \"fingerprint\" of its peer: the 64 hexadecimal digits that "
                "`tightwad peer invite` prints there.");
    if (!address->tls && !digits.empty())
        out.add(table.find("fingerprint")->value.at,
                "\"fingerprint\" belongs to tws://; write tws:// if the peer uses TLS.");
}

// Two peers of one machine may each run an rpc-server of that port; one peer and an open port are taken for one.
bool is_same_server(const pool_worker& one, const pool_worker& other) {
    const auto port = [](const peer_ref& peer) { return peer.url.substr(peer.url.rfind(':')); };
    return one.host == other.host && one.rpc_port == other.rpc_port &&
           (!one.peer || !other.peer || port(*one.peer) == port(*other.peer));
}

pool_worker read_worker(const value& table, report& out) {
    pool_worker worker;
    worker.at = table.at;
    worker.rpc_port = usual_rpc_port;
    table_reader reader(table, "A worker", out);
    read_way(reader, table, worker, out);
    if (const auto port = reader.integer("rpc_port", 1, 65535)) worker.rpc_port = static_cast<std::uint16_t>(*port);
    if (const auto device = reader.text("device")) {
        if (is_device(*device)) worker.device = *device;
        else
            out.add(
                table.find("device")->value.at,
                "\"device\" must be a device of the rpc-server, such as \"CUDA0\" or \"CPU\", or several with commas.");
    }
    read_vram(reader, worker, out);
    read_experts(reader, table, worker, out);
    reader.finish();
    const bool numeric6 = worker.host.find(':') != std::string::npos;
    worker.name = (numeric6 ? '[' + worker.host + ']' : worker.host) + ':' + std::to_string(worker.rpc_port);
    return worker;
}

void read_workers(table_reader& reader, pool_config& pool, report& out) {
    const auto* found = reader.take("workers");
    if (found == nullptr)
        return reader.missing("workers", "a list such as [ { url = \"tws://192.168.1.20:9191\", rpc_port = 50052 } ].");
    if (found->value.type != value::kind::list || found->value.list.empty() || found->value.list.size() > most_workers)
        return out.add(found->value.at, "\"workers\" must be a list of 1 to 16 tables, such as "
                                        "[ { url = \"tws://192.168.1.20:9191\", rpc_port = 50052 } ].");
    for (const auto& one : found->value.list) {
        if (one.type != value::kind::table) {
            out.add(one.at, std::string("\"workers\" must hold tables, not ") + toml_tree::describe(one.type) + ".");
            continue;
        }
        auto worker = read_worker(one, out);
        const bool twice = std::ranges::any_of(pool.workers, [&](const auto& other) { return is_same_server(worker, other); });
        if (twice && !worker.host.empty())
            out.add(one.at, "The worker " + worker.name + " stands twice in [pool." + pool.name + "].");
        for (const auto& other : pool.workers)
            if (const auto layer = std::ranges::find_first_of(worker.experts, other.experts); layer != worker.experts.end())
                out.add(one.at, "The experts of layer " + std::to_string(*layer) + " are given to two workers, " + other.name +
                                    " and " + worker.name + ".");
        pool.workers.push_back(std::move(worker));
    }
}

void check_protection(const pool_config& pool, report& out) {
    if (pool.insecure) return;
    for (const auto& one : pool.workers) {
        if (one.host.empty() || one.is_private()) continue;
        const auto insist = ", or say insecure = true in [pool." + pool.name + "] where nobody else is on that network.";
        if (one.peer)
            out.add(one.at, "The worker " + one.name + " would be reached at " + one.peer->url +
                                " without encryption: anybody on the way reads its token, and can then read and write that "
                                "machine's memory. Start that peer with TLS, and write the tws:// address and the fingerprint "
                                "that `tightwad peer invite` prints there" + insist);
        else
            out.add(one.at, "The rpc-server at " + one.name + " would be used without protection: it believes whoever "
                            "reaches its port, who can then read and write that machine's memory. Run `tightwad peer "
                            "start` there and name it by \"url\"" + insist);
    }
}

// A llama-server in the place of this program.
void read_server(table_reader& reader, const value& table, pool_config& pool, report& out) {
    if (const auto program = reader.text("server")) pool.server = resolve_path(*program, out.folder);
    if (auto words = reader.texts("server_args")) pool.server_args = std::move(*words);
    if (auto words = reader.texts("server_env")) pool.server_env = std::move(*words);
    for (const auto& each : pool.server_env)
        if (const auto end = each.find('='); end == std::string::npos || end == 0)
            out.add(table.find("server_env")->value.at, "\"server_env\" must hold texts such as \"HSA_OVERRIDE_GFX_VERSION=11.0.0\".");
    const auto misplaced = [&](const char* key, const char* why) {
        if (const auto* found = table.find(key)) out.add(found->at, '"' + std::string(key) + "\" " + why);
    };
    if (pool.server.empty()) {
        for (const char* key : {"server_args", "server_env"}) misplaced(key, "belongs to \"server\", the llama-server that is to hold the model.");
        return;
    }
    misplaced("output", "is this program's; say to the llama-server of \"server\" where its layers lie by server_args.");
    for (const auto& worker : pool.workers)
        if (!worker.experts.empty() || worker.balanced_experts)
            out.add(worker.at, "\"experts\" is this program's; say to the llama-server of \"server\" where they lie by server_args.");
}

// What is free of each is what its vram leaves, and who holds which layers is known where all say theirs.
void check_balance(const pool_config& pool, report& out) {
    if (std::ranges::none_of(pool.workers, &pool_worker::balanced_experts)) return;
    for (const auto& one : pool.workers)
        if (one.vram_bytes == 0)
            out.add(one.at, "experts = \"balanced\" needs the \"vram\" of every worker, and " + one.name + " does not say it.");
}

// What holds a model over a pool; an rpc-server serves one of them.
struct holder {
    const pipeline_config* pipeline;
    const node_config* backend;
    const pool_config* pool;
};

std::vector<holder> holders_of(const configuration& config) {
    std::vector<holder> out;
    for (const auto& pipeline : config.pipelines) {
        auto targets = pipeline.replicas;
        targets.insert(targets.begin(), pipeline.target);
        for (const auto& name : targets)
            if (const auto* node = config.node(name); node != nullptr)
                if (const auto* pool = config.pool(node->pool)) out.push_back({&pipeline, node, pool});
    }
    return out;
}

void check_sharing(const configuration& config, report& out) {
    const auto all = holders_of(config);
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t k = 0; k < i; ++k) {
            const pool_worker* shared = nullptr;
            for (const auto& one : all[i].pool->workers)
                for (const auto& other : all[k].pool->workers)
                    if (shared == nullptr && !one.host.empty() && is_same_server(one, other)) shared = &one;
            if (shared == nullptr) continue;
            const auto called = [](const holder& each) {
                return "\"" + each.backend->name + "\" of [pipeline." + each.pipeline->name + "]";
            };
            out.add(all[i].pipeline->at, called(all[i]) + " would lie over the rpc-server " + shared->name + ", which " +
                                             called(all[k]) + " uses, and an rpc-server serves one of them. Give the second "
                                             "a [pool.NAME] with rpc-servers of its own, such as another rpc_port of each "
                                             "peer; or leave one pipeline, whose model `tightwad swap` changes.");
            break;
        }
}

} // namespace

pool_config read_pool(const toml_tree::member& table, report& out) {
    pool_config pool;
    pool.name = table.key;
    pool.at = table.value.at;
    table_reader reader(table.value, "[pool." + pool.name + "]", out);
    const auto plugin = reader.text("plugin");
    if (!reader.has("plugin")) reader.missing("plugin", "the only one there is is \"rpc-coordinator\".");
    else if (plugin && *plugin != "rpc-coordinator")
        out.add(table.value.find("plugin")->value.at,
                "\"plugin\" of a pool is \"" + *plugin + "\"; the only one there is is \"rpc-coordinator\".");
    pool.insecure = reader.boolean("insecure").value_or(false);
    if (auto where = reader.one_of("output", {"coordinator", "last-worker"})) pool.output = std::move(*where);
    read_workers(reader, pool, out);
    read_server(reader, table.value, pool, out);
    reader.finish();
    check_protection(pool, out);
    check_balance(pool, out);
    return pool;
}

void check_pools(const value& root, const configuration& config, report& out) {
    std::vector<std::string> pools;
    if (const auto* tables = root.find("pool"); tables != nullptr && tables->value.type == value::kind::table)
        for (const auto& one : tables->value.table) pools.push_back(one.key);
    for (const auto& node : config.nodes) {
        if (node.pool.empty()) continue;
        const auto& table = root.find("backend")->value.find(node.name)->value;
        if (std::ranges::find(pools, node.pool) == pools.end())
            out.add(table.find("pool")->value.at, "\"pool\" names \"" + node.pool +
                                                      "\", which is not the name of a [pool.…]" +
                                                      suggestion(node.pool, pools));
        for (const auto& pipeline : config.pipelines)
            for (const auto* drafts : {&pipeline.draft, &pipeline.draft_fallback})
                if (std::ranges::find(*drafts, node.name) != drafts->end())
                    out.add(table.find("pool")->value.at, "\"" + node.name + "\" drafts for [pipeline." +
                                                              pipeline.name +
                                                              "], and a model over a pool is too far away for that. "
                                                              "Let a small model of this machine draft.");
        const auto served = [&](const std::vector<std::string>& names) {
            return std::ranges::find(names, node.name) != names.end();
        };
        if (config.peer && (served(config.peer->drafts) || served(config.peer->targets)))
            out.add(table.find("pool")->value.at, "\"" + node.name +
                                                      "\" lies over a pool, so [peer] cannot serve it in this "
                                                      "version; serve it by a [pipeline.NAME].");
    }
    check_sharing(config, out);
}

} // namespace tw::sections
