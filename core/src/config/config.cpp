// From text to a checked configuration: the order of the steps, and how mistakes are shown.
#include "config/config.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "config/sections.hpp"

namespace tw {
namespace {

using toml_tree::value;

void check_schema(table_reader& reader, const value& root, const std::string& file, report& out) {
    const auto* found = reader.take("schema");
    if (found == nullptr) {
        out.add({file, 1, 1}, "The file must say \"schema = 1\", so that a later Tightwad can still read it.");
        return;
    }
    const auto& schema = root.find("schema")->value;
    if (schema.type != value::kind::integer || schema.integer != 1)
        out.add(schema.at, "\"schema\" must be 1, the only one this Tightwad reads.");
}

// Every table below [WORD.…]; a value that is no table is reported.
std::vector<const toml_tree::member*> named_tables(table_reader& reader, const char* word, report& out) {
    std::vector<const toml_tree::member*> tables;
    const auto* found = reader.take(word);
    if (found == nullptr) return tables;
    const std::string form = "[" + std::string(word) + ".NAME]";
    if (found->value.type != value::kind::table) {
        out.add(found->value.at, "\"" + std::string(word) + "\" must be written as tables " + form + ".");
        return tables;
    }
    for (const auto& one : found->value.table) {
        if (one.value.type == value::kind::table) tables.push_back(&one);
        else
            out.add(one.at, "\"" + one.key + "\" stands in [" + word + "]; give the table a name, as in " +
                                form + ".");
    }
    std::sort(tables.begin(), tables.end(), [](const auto* a, const auto* b) {
        return std::tie(a->at.line, a->at.column) < std::tie(b->at.line, b->at.column);
    });
    return tables;
}

void read_all(const value& root, configuration& config, const option_lookup& lookup, report& out) {
    const auto file = config.path.string();
    table_reader reader(root, "The file", out);
    check_schema(reader, root, file, out);
    if (const auto* server = reader.take("server")) {
        if (server->value.type == value::kind::table)
            config.server = sections::read_server(server->value, out);
        else out.add(server->value.at, "\"server\" must be the table [server].");
    }
    if (const auto* peer = reader.take("peer")) {
        if (peer->value.type == value::kind::table) config.peer = sections::read_peer(peer->value, out);
        else out.add(peer->value.at, "\"peer\" must be the table [peer].");
    }
    for (const auto* table : named_tables(reader, "backend", out))
        config.nodes.push_back(sections::read_node(*table, "backend", lookup, out));
    for (const auto* table : named_tables(reader, "pool", out))
        config.pools.push_back(sections::read_pool(*table, out));
    for (const auto* table : named_tables(reader, "pipeline", out))
        config.pipelines.push_back(sections::read_pipeline(*table, out));
    reader.finish();
    const bool peer_alone = root.find("peer") != nullptr && root.find("pipeline") == nullptr;
    if (!peer_alone && (root.find("pipeline") == nullptr || (config.pipelines.empty() && out.mistakes.empty())))
        out.add({file, 1, 1}, "There is no [pipeline.NAME] table, so nothing would be served. Add one with "
                              "\"serves\" and \"target\".");
    sections::check_edges(root, config, out);
    sections::check_pools(root, config, out);
}

/// private_upstreams = false is for every machine that is dialled, however it is written.
void keep_to_public(configuration& config) {
    if (config.server.private_upstreams) return;
    for (auto& node : config.nodes)
        if (node.peer) node.peer->public_only = true;
    for (auto& pool : config.pools)
        for (auto& worker : pool.workers) {
            worker.public_only = true;
            if (worker.peer) worker.peer->public_only = true;
        }
}

} // namespace

std::string to_string(const location& at) {
    if (at.line == 0) return at.file;
    return at.file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::string to_string(const diagnostic& mistake) { return to_string(mistake.at) + ": " + mistake.message; }

bool pool_worker::is_private() const { return is_loopback(host) || (peer && peer->url.starts_with("tws://")); }

const node_config* configuration::node(std::string_view name) const {
    const auto found = std::find_if(nodes.begin(), nodes.end(),
                                    [&](const node_config& node) { return node.name == name; });
    return found == nodes.end() ? nullptr : &*found;
}

const pool_config* configuration::pool(std::string_view name) const {
    const auto found = std::find_if(pools.begin(), pools.end(),
                                    [&](const pool_config& pool) { return pool.name == name; });
    return found == pools.end() ? nullptr : &*found;
}

bool configuration::is_pooled(const pipeline_config& pipeline) const {
    const auto* target = node(pipeline.target);
    return target != nullptr && !target->pool.empty();
}

load_result parse(std::string_view text, const std::filesystem::path& file, const option_lookup& lookup) {
    auto root = toml_tree::read(text, file.string());
    if (root.has_error()) return root.error();
    configuration config;
    config.path = file;
    std::error_code ignored;
    report out{std::filesystem::absolute(file, ignored).parent_path(), {}};
    read_all(*root, config, lookup, out);
    sections::apply_environment(config, out);
    keep_to_public(config);
    sections::check_peer(*root, config, out);
    if (out.mistakes.empty()) return config;
    std::stable_sort(out.mistakes.begin(), out.mistakes.end(), [](const auto& a, const auto& b) {
        return std::tie(a.at.line, a.at.column) < std::tie(b.at.line, b.at.column);
    });
    return out.mistakes;
}

load_result load(const std::filesystem::path& file, const option_lookup& lookup) {
    auto text = toml_tree::read_text(file);
    if (text.has_error()) return std::vector{diagnostic{{file.string(), 0, 0}, text.error().message}};
    return parse(*text, file, lookup);
}

std::map<std::string, std::string> named_plugins(const std::filesystem::path& file) {
    std::map<std::string, std::string> named;
    const auto text = toml_tree::read_text(file);
    if (text.has_error()) return named;
    const auto root = toml_tree::read(*text, file.string());
    if (root.has_error()) return named;
    report ignored;
    if (const auto* backends = root->find("backend"))
        for (const auto& table : backends->value.table) {
            auto node = sections::read_node(table, "backend", nullptr, ignored);
            auto& pin = named[node.plugin];
            if (pin.empty()) pin = node.sha256;
        }
    return named;
}

void throw_exception_from_error(const std::vector<diagnostic>& mistakes, const boost::source_location&) {
    throw std::runtime_error(mistakes.empty() ? "The configuration is wrong." : to_string(mistakes.front()));
}

} // namespace tw
