// A cluster.yaml of the Python Tightwad as plain data: what of it is carried over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/document.hpp"
#include "migrate/difference.hpp"

namespace tw::migrate {

// Where a token stood, never the token.
enum class token_place { nowhere, in_the_file, in_a_variable };

struct token {
    token_place place = token_place::nowhere;
    std::string variable{}; // its name, where it stood as "${NAME}"
    location at{};          // of the key, or of its section where it stands nowhere
};

// A draft or a target of the proxy.
struct upstream {
    location at;
    std::string key;                // "proxy.target"
    std::string url, origin, model; // origin: scheme, host and port, for sentences
    bool ollama = false;
    bool fallback = false; // a draft only while none of the others is there
};

struct proxy_section {
    location at;
    std::string host = "0.0.0.0";
    std::uint16_t port = 8088;
    std::optional<std::int64_t> max_draft_tokens; // none = "auto", or not said
    std::optional<bool> fallback, private_upstreams;
    std::optional<std::int64_t> max_tokens_limit, max_body_bytes;
    tw::migrate::token token{};
    upstream target;
    std::vector<upstream> drafts;
};

struct coordinator_section {
    location host_at, port_at; // of the key, or of the section; so in what follows
    std::string host = "0.0.0.0";
    std::uint16_t port = 8080;
    std::optional<std::int64_t> slots, threads, gpu_layers; // from extra_args
};

struct worker_card {
    location at;
    std::string key; // "workers[0].gpus[1]"
    std::string host;
    std::uint16_t rpc_port = 50052, peer_port = 9191;
    std::int64_t vram_gb = 0; // 0 = not said
};

struct model_entry {
    location at;
    std::string name, path;
    location path_at{}, context_at{};
    std::int64_t context = 8192;
};

struct peer_section {
    location at;
    std::string host = "0.0.0.0";
    std::uint16_t port = 9191;
    tw::migrate::token token{};
    std::vector<std::string> model_dirs;
    std::string rpc_server{}; // a path; empty = none is named
};

struct cluster {
    std::optional<coordinator_section> coordinator;
    std::vector<worker_card> workers;
    std::vector<model_entry> models; // the default one first
    std::optional<proxy_section> proxy;
    std::optional<peer_section> peer;
};

// Names in `out` what is not carried over or cannot be used; puts into `mistakes` what leaves nothing to import.
[[nodiscard]] cluster read_cluster(const toml_tree::value& root, differences& out, std::vector<diagnostic>& mistakes);

} // namespace tw::migrate
