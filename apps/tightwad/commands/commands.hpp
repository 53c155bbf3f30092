// Every command of the program: what it needs from the command line, and its exit code.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tw::cli {

// Options that stand before or after any command.
struct global_options {
    std::optional<std::filesystem::path> config;     // -c
    std::vector<std::filesystem::path> plugins_dirs; // --plugins-dir
};

struct chat_options {
    bool direct = false; // the target alone
    double temperature = 0;
    std::int32_t max_tokens = 256;
    std::string model; // empty = the first that is served
};

struct bench_options {
    std::optional<std::filesystem::path> prompts; // one per line; none = a small set of its own
    std::optional<std::filesystem::path> plot;    // an SVG to write
    std::string pipeline;                         // empty = the first of the file
    std::int32_t pairs = 30, max_tokens = 96;
    double temperature = 0;
    bool json = false;
};

struct peer_start_options {
    std::optional<std::uint16_t> port; // in place of the configuration's
    std::string listen;                // an address, or address:port; empty = the configuration's
};

struct peer_invite_options {
    bool show_token = false, json = false;
};

struct pool_engine_options {
    std::string pipeline, backend;
    std::string model; // a file in place of the backend's own; empty = that one
    std::uint16_t port = 0;
    bool skip_version_check = false;
};

struct inspect_options {
    std::string file;                     // as model_path is written
    std::uint64_t context = 0, slots = 1; // tokens of a sequence, 0 = as many as the model was trained for; sequences
    bool plan = false, json = false;
};

struct plan_options {
    std::string model;                    // as model_path is written; empty = the target of a pipeline
    std::string pipeline;                 // empty = the first over a pool, or the first
    std::uint64_t context = 0, slots = 0; // 0 = as the configuration says
    double acceptance = 0.7;              // of drafts, assumed
    std::string rpc_server;               // llama.cpp's program, to measure this machine with; empty = that of [peer]
    bool force = false, json = false;
};

struct config_import_options {
    std::filesystem::path file;
    std::optional<std::filesystem::path> output; // none = stdout
    bool json = false;
};

struct load_options {
    std::string file; // as model_path is written
    bool json = false;
};

struct serve_options {
    bool started = false; // by `tightwad start`, which listens until start_line_ready
    bool skip_version_check = false; // of a pool's workers
    std::string model;    // in place of the configured one; empty = that one
};

// The last line on the stdout of a `serve` that `start` began; then its streams lead nowhere.
inline constexpr auto start_line_ready = "tightwad ready";

enum class reclaiming { off, on, automatic }; // automatic: where the models' files fill half of the memory

struct start_options {
    reclaiming reclaim = reclaiming::automatic;
    std::string model; // in place of the configured one; empty = that one
    bool skip_version_check = false; // of a pool's workers
};

struct benchmark_options {
    std::string model; // empty = the first that is served
    std::int32_t max_tokens = 128;
    bool json = false;
};

struct swap_options {
    std::string model;    // a backend over the same pool, or as model_path is written
    std::string pipeline; // empty = the only one over a pool
    bool json = false;
};

struct reclaim_options {
    std::string file; // as model_path is written; empty = by the others, or the models of the configuration
    std::optional<int> pid;
    std::optional<std::uint16_t> port;
    bool json = false;
    bool only_if_tight = false; // where the files take less than half of the memory that is free, nothing is done
    bool of_endpoint = false;   // of the configuration's models those that `serve` loads at its start, which may be none
    std::string model;          // of_endpoint: that `serve` was given in place of the configured one; empty = that one
};

struct tune_options {
    std::string model; // as model_path is written; empty = none in particular
    bool json = false;
};

struct logs_options {
    std::string name = "proxy"; // or "peer", "rpc-PORT", "pool-BACKEND"
    std::size_t lines = 50;
    bool follow = false, clear = false;
};

int serve(const global_options& global, const serve_options& options);
int start(const global_options& global, const start_options& options);
int benchmark(const global_options& global, const benchmark_options& options);
int swap_model(const global_options& global, const swap_options& options);
int proxy_stop(const global_options& global);
int proxy_status(const global_options& global, bool json);
int peer_start(const global_options& global, const peer_start_options& options);
int pool_engine(const global_options& global, const pool_engine_options& options);
int peer_stop();
int peer_status(const global_options& global, bool json);
int peer_invite(const global_options& global, const peer_invite_options& options);
int list_plugins(const global_options& global, bool json);
int check(const global_options& global, bool json);
int doctor(const global_options& global, bool json);
int graph(const global_options& global);
int inspect(const global_options& global, const inspect_options& options);
int plan_model(const global_options& global, const plan_options& options);
int load_model(const load_options& options);
int reclaim(const global_options& global, const reclaim_options& options);
int tune(const tune_options& options);
int logs(const logs_options& options);
int config_import(const config_import_options& options);
int chat(const global_options& global, const chat_options& options);
int bench(const global_options& global, const bench_options& options);
int help_backend(const global_options& global, const std::string& plugin);

} // namespace tw::cli
