// What the names of a configuration lead to: plugins, and engines loaded by them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/backend.hpp"
#include "bridge/engine.hpp"
#include "config/config.hpp"
#include "plugin/registry.hpp"

namespace tw {

// Pointers outlive every pipeline: plugins are never unloaded. Null where the name leads nowhere; the
// configuration's check has said so.
struct resolved_node {
    const node_config* node = nullptr;
    const plugin* code = nullptr;
    const tw_engine_v1* as_engine = nullptr;
    const tw_backend_v1* as_backend = nullptr;
};

[[nodiscard]] resolved_node resolve(const configuration& config, const registry& plugins, const std::string& name);

struct wanted_draft {
    std::string name; // of its [backend.…]
    bool fallback;    // only while none of the others is there
};

// All that a pipeline names, in their order.
[[nodiscard]] std::vector<wanted_draft> drafts_of(const pipeline_config& wanted);

// Whether it lies over a pool whose model a llama-server holds, so that it hands out text only.
[[nodiscard]] bool is_held_by_server(const node_config& node, const configuration& config);

// Whether the plugin declares such a key.
[[nodiscard]] bool has_option(const tw_engine_v1& api, std::string_view name);

// The options of a node that drafts, a JSON object: nothing of a draft need be exact, so the cache is the plugin's fast one
// unless the node's table says which.
[[nodiscard]] std::string drafting_options(const resolved_node& draft);

// Whether it is an engine of this machine whose table says embeddings = true, also of one that puts documents in order.
[[nodiscard]] bool makes_embeddings(const resolved_node& node);

// Loads the engine of a node of this machine with the given options, a JSON object. `progress` gets 0 … 1 and
// returns false to give up.
[[nodiscard]] result<std::unique_ptr<engine>> load_engine(const resolved_node& node, const std::string& options,
                                                          const std::function<bool(float)>& progress);

// The plugin's instance for a server that it reaches by its url; nothing is asked of it yet. `server`: which addresses it may
// dial.
[[nodiscard]] result<std::unique_ptr<backend>> open_backend(const resolved_node& node, const server_config& server);

} // namespace tw
