// The tables of the configuration, each read by its own file.
#pragma once

#include "config/table_reader.hpp"

namespace tw::sections {

// [server]
[[nodiscard]] server_config read_server(const toml_tree::value& table, report& out);

// [peer]
[[nodiscard]] peer_config read_peer(const toml_tree::value& table, report& out);

// Is there a token where one is needed? After the environment, which may bring it.
void check_peer(const toml_tree::value& root, const configuration& config, report& out);

// Whether the "url" of a backend's table names another machine: `node.peer` is filled in then. `options` are the
// plugin's own, null = not known; one of them may be a "url" with a meaning of its own.
bool read_peer_ref(table_reader& reader, const toml_tree::value& table, const std::vector<option_info>* options,
                   node_config& node, report& out);

// [backend.NAME]: the common keys, then those of the plugin's own option table.
[[nodiscard]] node_config read_node(const toml_tree::member& table, std::string interface,
                                    const option_lookup& lookup, report& out);

// The plugin's own keys of a table: checked against `options`, taken by `reader`, stored in `node`.
void read_options(table_reader& reader, const std::vector<option_info>& options, node_config& node,
                  report& out);

// [pool.NAME]
[[nodiscard]] pool_config read_pool(const toml_tree::member& table, report& out);

// Pools that are not there, and edges that no pool can be used for.
void check_pools(const toml_tree::value& root, const configuration& config, report& out);

// [pipeline.NAME]. The edges are checked once all tables are read.
[[nodiscard]] pipeline_config read_pipeline(const toml_tree::member& table, report& out);

// Edges that lead nowhere, names served twice.
void check_edges(const toml_tree::value& root, const configuration& config, report& out);

// TIGHTWAD_HOST, _PORT, _MAX_BODY_SIZE, _MAX_TOKENS_LIMIT, _MAX_DRAFT_TOKENS, _PROXY_TOKEN (or _TOKEN),
// _PEER_TOKEN, _ALLOW_PRIVATE_UPSTREAM.
void apply_environment(configuration& config, report& out);

} // namespace tw::sections
