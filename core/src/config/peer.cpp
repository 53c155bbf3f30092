// [peer]: what this machine does for others; and the keys of a backend that another machine serves.
#include <algorithm>

#include <unistd.h>

#include "base/peer_address.hpp"
#include "base/text.hpp"
#include "config/paths.hpp"
#include "config/sections.hpp"
#include "config/units.hpp"

namespace tw {

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "::1" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

bool peer_config::uses_tls() const { return tls.value_or(!is_loopback(host)); }

namespace sections {
namespace {

using toml_tree::value;

constexpr std::size_t longest_name = 256; // docs/wire.md

bool is_plain(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::string host_name() {
    std::string name(longest_name, '\0');
    if (::gethostname(name.data(), name.size() - 1) != 0) return "unnamed";
    name.resize(name.find('\0'));
    name = to_valid_utf8(name);
    return name.empty() || !is_plain(name) ? "unnamed" : name;
}

void read_listen(table_reader& reader, const value& table, peer_config& peer, report& out) {
    const auto listen = reader.text("listen");
    if (!listen) return;
    if (auto address = parse_listen(*listen)) {
        peer.host = std::move(address->first);
        peer.port = address->second;
    } else
        out.add(table.find("listen")->value.at, "\"listen\" must be an address and a port from 1 to 65535, such as "
                                                "\"127.0.0.1:9191\" or \"0.0.0.0:9191\", not \"" + *listen + "\".");
}

void read_machine(table_reader& reader, const value& table, peer_config& peer, report& out) {
    auto name = reader.text("machine");
    if (name && !name->empty() && name->size() <= longest_name && is_plain(*name)) peer.machine = std::move(*name);
    else if (name)
        out.add(table.find("machine")->value.at,
                "\"machine\" must be a name of 1 to 256 bytes without control characters.");
    if (peer.machine.empty()) peer.machine = host_name();
}

// A path, with its place for what is wrong with it.
std::optional<std::filesystem::path> resolved(const std::string& written, const char* key, const value& table,
                                              report& out) {
    if (!written.empty() && written.find('\0') == std::string::npos) return resolve_path(written, out.folder);
    out.add(table.find(key)->value.at, "\"" + std::string(key) + "\" must not hold an empty path.");
    return std::nullopt;
}

void read_fingerprint(table_reader& reader, const value& table, bool tls, peer_ref& peer, report& out) {
    auto written = reader.text("fingerprint");
    if (!written) {
        if (tls && !reader.has("fingerprint"))
            reader.missing("fingerprint", "with tws:// the peer is known by its certificate; `tightwad peer invite` "
                                          "there prints the 64 digits.");
        return;
    }
    const auto& at = table.find("fingerprint")->value.at;
    *written = lower(*written);
    if (!tls)
        out.add(at, "\"fingerprint\" belongs to tws://; with tw:// there is no certificate. Write tws:// if the peer "
                    "uses TLS, or remove the fingerprint.");
    else if (written->size() != 64 || written->find_first_not_of("0123456789abcdef") != std::string::npos)
        out.add(at, "\"fingerprint\" must be the 64 hexadecimal digits that `tightwad peer invite` prints on the peer.");
    else peer.fingerprint = std::move(*written);
}

void check_served(const std::vector<std::string>& names, const char* key, const value& table,
                  const configuration& config, const std::vector<std::string>& backends, report& out) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto& list = table.find(key)->value;
        const auto& at = i < list.list.size() ? list.list[i].at : list.at;
        const auto* node = config.node(names[i]);
        if (std::ranges::find(backends, names[i]) == backends.end())
            out.add(at, "\"" + std::string(key) + "\" of [peer] names \"" + names[i] +
                            "\", which is not the name of a [backend.…]" + suggestion(names[i], backends));
        else if (std::count(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) > 0)
            out.add(at, "\"" + names[i] + "\" stands twice in \"" + key + "\" of [peer].");
        else if (node != nullptr && node->peer)
            out.add(at, "\"" + names[i] + "\" is an engine of another machine (" + node->peer->url +
                            "); a peer serves only engines of its own. Let the others ask that machine.");
        else if (node != nullptr && node->server)
            out.add(at, "\"" + names[i] + "\" is a server that hands out text, and a peer serves engines. Let the others "
                            "ask that server, or load its model file here with plugin = \"llamacpp\" and model_path.");
    }
}

} // namespace

peer_config read_peer(const value& table, report& out) {
    peer_config peer;
    peer.at = table.at;
    table_reader reader(table, "[peer]", out);
    read_listen(reader, table, peer, out);
    peer.token = reader.secret("token");
    read_machine(reader, table, peer, out);
    peer.tls = reader.boolean("tls");
    if (auto names = reader.texts("drafts")) peer.drafts = std::move(*names);
    if (auto names = reader.texts("targets")) peer.targets = std::move(*names);
    if (const auto folders = reader.texts("model_dirs"))
        for (const auto& one : *folders)
            if (auto path = resolved(one, "model_dirs", table, out)) peer.model_dirs.push_back(std::move(*path));
    if (const auto threads = reader.integer("rpc_threads", 0, 1024))
        peer.rpc_threads = static_cast<std::int32_t>(*threads);
    peer.rpc_cache = reader.boolean("rpc_cache").value_or(false);
    if (const auto program = reader.text("rpc_server"))
        if (auto path = resolved(*program, "rpc_server", table, out)) peer.rpc_server = std::move(*path);
    reader.finish();
    return peer;
}

void check_peer(const value& root, const configuration& config, report& out) {
    const auto* written = root.find("peer");
    if (!config.peer || written == nullptr || written->value.type != value::kind::table) return;
    const auto& peer = *config.peer;
    const auto& table = written->value;
    if (!peer.token && !is_loopback(peer.host) && table.find("token") == nullptr)
        out.add(table.at, "[peer] listens on " + peer.host + ", which other machines can reach, and has no token. Add "
                          "token = { env = \"TIGHTWAD_PEER_TOKEN\" } and set that variable, or listen on 127.0.0.1.");
    std::vector<std::string> backends;
    if (const auto* tables = root.find("backend"))
        for (const auto& one : tables->value.table) backends.push_back(one.key);
    check_served(peer.drafts, "drafts", table, config, backends, out);
    check_served(peer.targets, "targets", table, config, backends, out);
}

bool read_peer_ref(table_reader& reader, const value& table, const std::vector<option_info>* options,
                   node_config& node, report& out) {
    const auto* found = table.find("url");
    const bool text = found != nullptr && found->value.type == value::kind::text;
    const auto written = text ? found->value.text : std::string();
    const bool ours = written.starts_with("tw://") || written.starts_with("tws://");
    const bool plugins_own = options == nullptr || std::ranges::any_of(*options, [](const option_info& one) {
        return one.name == "url";
    });
    if (found == nullptr || (!ours && plugins_own)) return false;

    node.peer.emplace();
    if (!reader.text("url")) return true;
    const auto address = net::parse_peer_address(written);
    if (!address) out.add(found->value.at, address.error().message);
    else node.peer->url = address->url();
    if (auto model = reader.text("model")) {
        if (!model->empty() && model->size() <= longest_name && is_plain(*model)) node.peer->model = std::move(*model);
        else
            out.add(table.find("model")->value.at, "\"model\" must be the name of an engine at the peer, as `tightwad "
                                                   "peer status` lists it there; leave it out if there is only one.");
    }
    node.peer->token = reader.secret("token");
    read_fingerprint(reader, table, written.starts_with("tws://"), *node.peer, out);
    if (options == nullptr) return true;
    for (const auto& one : *options)
        if (one.name != "url" && one.name != "model" && one.name != "token" && one.name != "fingerprint")
            if (const auto* misplaced = reader.take(one.name))
                out.add(misplaced->at, "\"" + one.name + "\" stands beside \"url\", but that engine is loaded by the "
                                       "peer. Set it in the peer's own configuration, or remove \"url\" to load the "
                                       "model here.");
    return true;
}

} // namespace sections

std::string configuration::machine() const { return peer ? peer->machine : sections::host_name(); }

} // namespace tw
