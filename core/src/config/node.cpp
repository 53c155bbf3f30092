// [backend.NAME]: which plugin, pinned or not, and the keys the plugin understands.
#include "config/sections.hpp"

#include "base/text.hpp"
#include "base/web_url.hpp"

namespace tw::sections {
namespace {

void read_pin(table_reader& reader, const toml_tree::value& table, node_config& node, report& out) {
    auto pin = reader.text("sha256");
    if (!pin) return;
    *pin = lower(*pin);
    const bool digest =
        pin->size() == 64 && pin->find_first_not_of("0123456789abcdef") == std::string::npos;
    if (digest) node.sha256 = std::move(*pin);
    else
        out.add(table.find("sha256")->value.at,
                "\"sha256\" must be the 64 hexadecimal digits that `sha256sum` prints for the plugin's "
                "file.");
}

// The url of a server of its own kind, not of a Tightwad peer.
bool names_server(const toml_tree::value& table) {
    const auto* url = table.find("url");
    return url != nullptr && url->value.type == toml_tree::value::kind::text &&
           (url->value.text.starts_with("http://") || url->value.text.starts_with("https://"));
}

} // namespace

node_config read_node(const toml_tree::member& table, std::string interface, const option_lookup& lookup, report& out) {
    node_config node;
    node.interface = std::move(interface);
    node.name = table.key;
    node.at = table.value.at;
    node.options_json = "{}";
    table_reader reader(table.value, "[" + node.interface + "." + node.name + "]", out);
    read_pin(reader, table.value, node, out);
    if (!reader.has("plugin")) {
        reader.take("plugin");
        reader.missing("plugin", "the name of a plugin, as `tightwad plugins` lists it.");
        return node;
    }
    const auto plugin = reader.text("plugin");
    if (!plugin) return node;
    node.plugin = *plugin;
    node.server = names_server(table.value);
    if (!node.server)
        if (auto pool = reader.text("pool")) node.pool = std::move(*pool);
    if (!lookup) {
        if (!node.server) read_peer_ref(reader, table.value, nullptr, node, out);
        return node;
    }
    const auto options = lookup(node.server ? "server" : node.interface, node.plugin);
    if (!options) {
        out.add(table.value.find("plugin")->value.at, options.error().message);
        return node;
    }
    for (const char* key : {"rpc", "rpc_names", "rpc_on_cpu", "rpc_vram", "rpc_output", "rpc_experts"}) // the host's own to fill in
        if (const auto* written = reader.has(key) ? reader.take(key) : nullptr)
            out.add(written->at, "\"" + std::string(key) + "\" is filled in from a pool; write pool = \"NAME\" and a "
                                 "[pool.NAME] with the workers.");
    const bool lent = !node.server && read_peer_ref(reader, table.value, &*options, node, out);
    if (!lent) read_options(reader, *options, node, out);
    if (lent && !node.pool.empty())
        out.add(table.value.find("pool")->value.at, "\"pool\" stands beside \"url\", but that engine is loaded by the "
                                                    "peer. Remove one of them.");
    const auto* url = table.value.find("url");
    if (node.server && url->value.text.find("${") == std::string::npos) // that was reported
        if (const auto sound = net::parse_web_url(url->value.text); !sound) out.add(url->value.at, sound.error().message);
    reader.finish();
    return node;
}

} // namespace tw::sections
