// The configuration file as plain data: what the host starts, and every mistake in it at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "base/error.hpp"

namespace tw {

// A key or token never stands in the file: `{ env = "NAME" }` or `{ file = "path" }`.
struct secret_ref {
    enum class kind { env, file };
    kind from = kind::env;
    std::string name; // of the variable, or the file's resolved path
};

// The secret, read anew at every call; a file's trailing line break is dropped.
// Fails when the variable or file is not there or is empty, or holds "${NAME}", which nothing replaces. Any thread.
[[nodiscard]] result<std::string> read_secret(const secret_ref& ref);
// Empty where there is none.
[[nodiscard]] result<std::string> read_secret(const std::optional<secret_ref>& ref);

// `line` and `column` count from 1; 0 = the whole file, or an environment variable named in `file`.
struct location {
    std::string file;
    int line = 0, column = 0;
};

struct diagnostic {
    location at;
    std::string message; // one sentence or two
};

// "file:line:column: message".
[[nodiscard]] std::string to_string(const location& at);
[[nodiscard]] std::string to_string(const diagnostic& mistake);

// [server]
struct server_config {
    std::string host = "127.0.0.1"; // without brackets
    std::uint16_t port = 8088;
    std::optional<secret_ref> token;
    std::vector<std::string> cors_origins;
    std::size_t max_body_bytes = 10U << 20U;
    std::int32_t max_tokens_limit = 16384;
    std::chrono::seconds drain_timeout{30};
    std::optional<std::uint64_t> model_memory; // bytes for models loaded on demand and the others; none = by what is free
    bool private_upstreams = true; // servers, peers and workers may lie in the own network

    // "http://127.0.0.1:8088", as a client on this machine reaches it: a wildcard becomes loopback.
    [[nodiscard]] std::string url() const;
};

// An engine that another machine loads and serves.
struct peer_ref {
    std::string url;                 // "tw://den:9191", or "tws://…": encrypted; always with the port
    std::string model;               // the engine's name over there; empty = the only one it serves
    std::optional<secret_ref> token; // none = the peer asks for none
    std::string fingerprint;         // of its certificate, 64 lower-case hex digits; empty exactly with tw://
    bool public_only = false;        // [server] says private_upstreams = false
};

// [backend.NAME]
struct node_config {
    std::string interface; // "backend"
    std::string name;
    std::string plugin;
    std::string sha256;       // the pin of the plugin's file, lower case; empty = none
    std::string options_json; // the plugin's own keys, paths resolved, defaults not filled in
    std::map<std::string, secret_ref> secrets;
    std::optional<peer_ref> peer; // there = not loaded here; options_json is then "{}"
    bool server = false; // "url" begins with http: the plugin reaches a server there and loads nothing
    std::string model_file{};     // that the command line says in place of its model_path; empty = none
    std::string pool{};           // [pool.NAME] whose machines hold it together; empty = none
    location at;
};

// One rpc-server of a pool.
struct pool_worker {
    std::string name;             // "192.168.1.20:50052", for sentences and the status
    std::string host;             // where it listens, or where its peer does; without brackets
    std::uint16_t rpc_port = 50052;
    std::optional<peer_ref> peer; // reached through that machine's authenticated link; none = straight, unprotected
    std::string device;           // what it computes on, as its program calls it; empty = its own choice
    std::uint64_t vram_bytes = 0; // 0 = not said
    std::vector<std::uint32_t> experts{}; // layers whose experts lie here, whoever holds the layer
    bool balanced_experts = false;        // of all other layers it holds as many as its memory is for
    bool public_only = false;             // as peer_ref has it
    location at;

    // What passes between here and there cannot be read or changed on the way: TLS, or it stays on this machine.
    [[nodiscard]] bool is_private() const;
};

// [pool.NAME]
struct pool_config {
    std::string name;
    std::vector<pool_worker> workers; // 1 to 16, in the order in which they get layers
    std::string output = "coordinator"; // where the output layer lies; or "last-worker"
    bool insecure = false;            // workers on other machines that are not private are allowed
    std::filesystem::path server{};   // a llama-server that holds the model instead of this program; empty = none
    std::vector<std::string> server_args{}, server_env{}; // for it; of the second each is "NAME=value"
    location at;
};

// [pipeline.NAME]
struct pipeline_config {
    std::string name;
    std::vector<std::string> serves; // model ids, unique over all pipelines; never empty
    std::vector<std::string> draft;  // names of backends
    std::string target;              // name of a backend
    std::vector<std::string> replicas; // further backends with the target's model, in the order of the file
    std::vector<std::string> draft_fallback; // drafters for while none of `draft` is there
    // Where an answer goes on whose target went away: "same-bytes" = at a replica of the same exactness
    // digest, "any" = at any replica, the answer says so, "none" = nowhere, it ends in an error.
    std::string failover = "same-bytes";
    std::string verify = "exact";
    std::string exactness = "auto"; // or the class that is asked for: bitwise, shape-class, numeric
    std::string consensus_mode = "off"; // drafters that agree are believed: strict, any_disagree, majority
    std::optional<std::int32_t> max_draft_tokens; // none = "auto"
    std::string drafting = "measured"; // not in the file: as configuration::drafting
    std::string pass_shape = "measured"; // not in the file: as configuration::pass_shape
    bool always_draft = false; // not in the file: benches and tests want a draft in every round
    bool fallback = true; // a draft that cannot be used: true = go on without it, false = an error
    std::int32_t queue = 64; // requests that may wait for a slot
    bool on_demand = false;  // loaded when it is first asked for, not at the start
    std::optional<std::chrono::milliseconds> idle_timeout{}; // of such a one: unloaded after this; none = when room is needed
    std::optional<std::int32_t> concurrency{}; // answers at a time; none = as many as there are slots, or no limit for a server
    bool in_order = false; // of several targets the first that is up, not the least loaded
    location at;
};

// [peer]: what this machine does for others.
struct peer_config {
    std::string host = "127.0.0.1"; // without brackets
    std::uint16_t port = 9191;
    std::optional<secret_ref> token; // always there when other machines can reach `host`
    std::string machine;             // its name in logs and answers; never empty
    std::optional<bool> tls;         // none = when other machines can reach `host`
    std::vector<std::string> drafts;  // backends served as drafters; both empty = management alone
    std::vector<std::string> targets; // backends served as targets
    std::vector<std::filesystem::path> model_dirs; // whose *.gguf are listed
    std::filesystem::path rpc_server;              // llama.cpp's ggml-rpc-server; empty = none can be started
    std::int32_t rpc_threads = 0;                  // of one that computes on the processor; 0 = one per core
    bool rpc_cache = false;                        // each keeps on disk what it was sent of models
    location at;

    [[nodiscard]] bool uses_tls() const;
};

// "localhost", "::1" and 127.x.x.x: what only this machine can reach.
[[nodiscard]] bool is_loopback(std::string_view host);

struct configuration {
    std::filesystem::path path;
    server_config server;
    std::optional<peer_config> peer; // [peer], or its defaults where only TIGHTWAD_PEER_TOKEN is set
    std::vector<node_config> nodes;
    std::vector<pool_config> pools;
    std::vector<pipeline_config> pipelines; // empty only where there is a [peer]

    std::string drafting = "measured"; // TIGHTWAD_DRAFTING, for benches: also synchronous, streaming, branches
    std::string pass_shape = "measured"; // TIGHTWAD_PASS_SHAPE, for benches: also held, follows

    [[nodiscard]] const node_config* node(std::string_view name) const;
    [[nodiscard]] const pool_config* pool(std::string_view name) const;
    [[nodiscard]] bool is_pooled(const pipeline_config& pipeline) const; // its target lies over a pool
    [[nodiscard]] std::string machine() const; // this one's name for others; never empty
};

// One key that a plugin understands; the host's copy of tw_option.
struct option_info {
    std::string name;
    tw_option_type type = TW_OPTION_STRING;
    std::string default_value; // as written in TOML; empty = none
    std::string help;
    bool required = false;
    double min = 0, max = 0; // bounds of an integer or number, both 0 = none
};

// The options of a plugin's implementation of an interface: "backend" = what it loads, or else what it reaches;
// "server" = what it reaches through a "url" that begins with http. The error says why there are none.
// Handed in, so that this room knows no plugin. An empty function leaves the plugins' keys unchecked,
// for who only wants to know where the endpoint is.
using option_lookup = std::function<result<std::vector<option_info>>(std::string_view interface,
                                                                     std::string_view plugin)>;

using load_result = boost::system::result<configuration, std::vector<diagnostic>>;

// Reads, checks and resolves a file; `TIGHTWAD_*` variables override it. All mistakes are reported, in
// the order of the file.
[[nodiscard]] load_result load(const std::filesystem::path& file, const option_lookup& lookup);

// The same for text already in memory; `file` is what diagnostics and relative paths refer to.
[[nodiscard]] load_result parse(std::string_view text, const std::filesystem::path& file,
                                const option_lookup& lookup);

// What stands for a file that is not there: TIGHTWAD_TARGET_URL, _MODEL, _BACKEND and _API_KEY name one server.
// The plugin that they want, or none when there is no such URL.
[[nodiscard]] std::optional<std::string> environment_plugin();
// The configuration, whose path is "environment". Diagnostics name the variable.
[[nodiscard]] load_result from_environment(const option_lookup& lookup);
// Which of these variables do nothing, and why; for `check` and for the log.
[[nodiscard]] std::vector<diagnostic> environment_remarks(const configuration& config);

// The plugins a file names, with their sha256 pins (empty = none): needed before any plugin is opened,
// so that no other one runs. A mistake in the file is left to load().
[[nodiscard]] std::map<std::string, std::string> named_plugins(const std::filesystem::path& file);

// The first that exists: `explicit_path` (-c), TIGHTWAD_CONFIG, ./tightwad.toml,
// ./configs/tightwad.toml, $XDG_CONFIG_HOME/tightwad/config.toml, ~/.tightwad/config.toml.
// A path given by -c or TIGHTWAD_CONFIG that is not there is an error, never replaced by another.
[[nodiscard]] result<std::filesystem::path>
find_config(const std::optional<std::filesystem::path>& explicit_path);

[[noreturn]] void throw_exception_from_error(const std::vector<diagnostic>& mistakes,
                                             const boost::source_location&);

} // namespace tw
