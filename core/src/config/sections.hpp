// The tables of the configuration, each read by its own file.
#pragma once

#include "config/table_reader.hpp"

namespace tw::sections {

// [server]
[[nodiscard]] server_config read_server(const toml_tree::value& table, report& out);

// [backend.NAME]: the common keys, then those of the plugin's own option table.
[[nodiscard]] node_config read_node(const toml_tree::member& table, std::string interface,
                                    const option_lookup& lookup, report& out);

// The plugin's own keys of a table: checked against `options`, taken by `reader`, stored in `node`.
void read_options(table_reader& reader, const std::vector<option_info>& options, node_config& node,
                  report& out);

// [pipeline.NAME]. The edges are checked once all tables are read.
[[nodiscard]] pipeline_config read_pipeline(const toml_tree::member& table, report& out);

// Edges that lead nowhere, names served twice.
void check_edges(const toml_tree::value& root, const configuration& config, report& out);

// TIGHTWAD_HOST, _PORT, _MAX_BODY_SIZE, _MAX_TOKENS_LIMIT, _MAX_DRAFT_TOKENS, _PROXY_TOKEN (or _TOKEN).
void apply_environment(configuration& config, report& out);

} // namespace tw::sections
