// The whole file, and the sections that are short.
#include "migrate/cluster.hpp"

#include <algorithm>

#include "base/peer_address.hpp"
#include "migrate/sections.hpp"

namespace tw::migrate {
namespace {

using enum difference_kind;
using toml_tree::value;

std::string numbered(const std::string& key, std::size_t index) {
    return key + "[" + std::to_string(index) + "]";
}

bool is_host(const std::string& text) {
    const bool numeric6 = text.find(':') != std::string::npos;
    return text.size() <= 253 && net::parse_peer_address("tw://" + (numeric6 ? '[' + text + ']' : text)).has_value();
}

std::optional<std::vector<worker_card>> read_worker(const value& map, const std::string& key, differences& out) {
    section from(map, key, out);
    const auto host = read_host(from, out);
    const auto peer_port = from.integer("peer_port", 1, 65535);
    from.drop("ssh_user", no_counterpart, "No machine is entered by ssh; `tightwad peer start` runs there.");
    from.drop("model_dir", no_counterpart, "Models are not copied to workers; their layers go over the network.");
    const auto cards = from.maps("gpus");
    std::vector<worker_card> made;
    for (const auto& [index, each] : cards) {
        section card(*each, numbered(from.named("gpus"), index), out);
        card.take("name");
        const auto port = card.integer("rpc_port", 1, 65535);
        const auto vram = card.integer("vram_gb", 0, 1 << 20);
        card.finish();
        made.push_back({each->at, numbered(from.named("gpus"), index), host.value_or(""),
                        static_cast<std::uint16_t>(port.value_or(50052)),
                        static_cast<std::uint16_t>(peer_port.value_or(9191)), vram.value_or(0)});
    }
    if (!cards.empty())
        out.add(cards.size() > 1 ? other_meaning : no_counterpart, from.at("gpus"), from.named("gpus"),
                std::string("Names of cards choose nothing. An rpc-server of today offers every card of its machine") +
                    (cards.size() > 1 ? ": say device = \"CUDA0\", \"CUDA1\" … so that each has one." : "."));
    from.finish();
    if (host) return made;
    if (map.find("host") == nullptr) out.add(not_usable, map.at, key, "It has no \"host\"; left out.");
    return std::nullopt;
}

void read_workers(section& root, cluster& made, differences& out) {
    constexpr std::size_t most = 16; // of a [pool.NAME]
    for (const auto& [index, map] : root.maps("workers"))
        if (const auto cards = read_worker(*map, numbered("workers", index), out))
            for (const auto& card : *cards) {
                const bool twice = std::ranges::any_of(made.workers, [&](const worker_card& other) {
                    return other.host == card.host && other.rpc_port == card.rpc_port;
                });
                if (twice)
                    out.add(not_usable, card.at, card.key, "Its host and port stand above already; left out.");
                else if (made.workers.size() == most)
                    out.add(not_usable, card.at, card.key, "A pool has at most 16 workers; left out.");
                else
                    made.workers.push_back(card);
            }
}

void read_models(section& root, cluster& made, differences& out) {
    const auto* models = root.map("models");
    if (models == nullptr) return;
    std::optional<std::size_t> chosen;
    for (const auto& one : models->table) {
        const auto key = "models." + one.key;
        if (one.value.type != value::kind::table || one.key.empty() || is_left_open(one.key)) {
            out.add(not_usable, one.at, key, "It must be a map of keys under a plain name; left out.");
            continue;
        }
        section from(one.value, key, out);
        model_entry model{one.at, one.key, from.text("path").value_or(""), from.at("path"), from.at("ctx_size")};
        model.context = from.integer("ctx_size", 0, 1 << 24).value_or(model.context);
        from.drop("predict", no_counterpart,
                  "A request says how long its answer may be; [server] max_tokens_limit bounds it.");
        from.drop(
            "flash_attn", no_counterpart,
            "The engine chooses: cache = \"exact\" computes with flash attention, \"fast\" as llama.cpp sees fit.");
        const bool is_default = from.boolean("default").value_or(false);
        from.drop("moe_placement", no_counterpart,
                  "The experts of a layer lie together: experts = \"0-11\" of a worker and cpu_moe of the backend say where.", "off");
        from.drop("moe_hot_profile", no_counterpart,
                  "The experts of a layer lie together, so no profile divides them (docs/workers.md).", "off");
        from.finish();
        if (model.path.empty()) {
            out.add(not_usable, one.at, key, "It has no \"path\"; left out.");
            continue;
        }
        if (is_default && !chosen) chosen = made.models.size();
        made.models.push_back(std::move(model));
    }
    if (chosen)
        std::rotate(made.models.begin(), made.models.begin() + static_cast<std::ptrdiff_t>(*chosen),
                    made.models.begin() + static_cast<std::ptrdiff_t>(*chosen) + 1);
}

// The programs: only the rpc-server of a peer is named in a configuration.
void read_binaries(section& root, cluster& made, differences& out) {
    const auto* map = root.map("binaries");
    if (map == nullptr) return;
    section from(*map, "binaries", out);
    from.drop("coordinator", no_counterpart,
              "The model is loaded through libllama; a llama-server holds it only where server of [pool.NAME] names one.");
    const auto rpc_server = from.text("rpc_server").value_or("");
    if (made.peer && rpc_server.find('/') != std::string::npos) {
        made.peer->rpc_server = rpc_server;
        out.add(other_meaning, from.at("rpc_server"), from.named("rpc_server"),
                "It is what the peer starts for others, and must be a ggml-rpc-server of the version in docs/workers.md.");
    } else
        from.drop("rpc_server", no_counterpart,
                  "Only a peer starts rpc-servers, by the full path in rpc_server of [peer] (docs/workers.md).");
    from.finish();
}

} // namespace

token read_token(section& from) {
    const auto* found = from.take("auth_token");
    const auto at = from.at("auth_token");
    if (found == nullptr) return {token_place::nowhere, {}, at};
    const auto& text = found->value.text;
    const bool reference = text.starts_with("${") && text.ends_with('}');
    const auto name = reference ? text.substr(2, text.size() - 3) : std::string();
    const bool sound =
        !name.empty() && (name.front() < '0' || name.front() > '9') && std::ranges::all_of(name, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        });
    if (sound) return {token_place::in_a_variable, name, at};
    return {text.empty() ? token_place::nowhere : token_place::in_the_file, {}, at};
}

std::optional<std::string> read_host(section& from, differences& out) {
    auto host = from.text("host");
    if (!host) return std::nullopt;
    if (host->starts_with('[') && host->ends_with(']')) host = host->substr(1, host->size() - 2);
    if (is_host(*host)) return host;
    out.add(not_usable, from.at("host"), from.named("host"), "It must be a name or an IP address; left out.");
    return std::nullopt;
}

peer_section read_peer(const value& map, differences& out) {
    section from(map, "peer", out);
    peer_section peer;
    peer.at = map.at;
    peer.host = read_host(from, out).value_or(peer.host);
    if (const auto port = from.integer("port", 1, 65535)) peer.port = static_cast<std::uint16_t>(*port);
    peer.token = read_token(from);
    for (auto& folder : from.texts("model_dirs"))
        if (!folder.empty()) peer.model_dirs.push_back(std::move(folder));
    from.finish();
    return peer;
}

cluster read_cluster(const value& file, differences& out, std::vector<diagnostic>& mistakes) {
    cluster made;
    if (file.type != value::kind::table) {
        mistakes.push_back({file.at, "The file must hold keys such as coordinator, workers, models or proxy."});
        return made;
    }
    section root(file, "", out);
    if (const auto* coordinator = root.map("coordinator")) made.coordinator = read_coordinator(*coordinator, out);
    if (const auto* proxy = root.map("proxy")) made.proxy = read_proxy(*proxy, out, mistakes);
    if (const auto* peer = root.map("peer")) made.peer = read_peer(*peer, out);
    read_workers(root, made, out);
    read_models(root, made, out);
    read_binaries(root, made, out);
    if (made.coordinator && made.models.empty())
        out.add(no_counterpart, root.at("coordinator"), "coordinator", "Without a model it started nothing; left out.");
    constexpr const char* at_the_start =
        "It is said to `tightwad start` by --ram-reclaim, where it is auto unless said; `tightwad serve` reclaims nothing.";
    root.drop("ram_reclaim", no_counterpart, at_the_start, "off");
    if (!made.models.empty() && file.find("ram_reclaim") == nullptr)
        out.add(other_default, file.at, "ram_reclaim", "It was \"auto\" when not said. " + std::string(at_the_start));
    root.drop("quality_gate", no_counterpart, "There is no quality gate.");
    root.finish();
    return made;
}

} // namespace tw::migrate
