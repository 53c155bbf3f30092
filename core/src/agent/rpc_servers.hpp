// The rpc-server processes of this machine: started, watched, ended.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/log_file.hpp"
#include "agent/spawn.hpp"

namespace tw::agent {

struct rpc_server_state {
    pid_t pid = -1;
    std::uint16_t port = 0;
    std::string device; // empty = the program's own choice
    std::chrono::system_clock::time_point since;
    bool listening = false;      // when it was last looked at
    std::optional<int> exited{}; // its exit code, or 128 + the signal; none = it runs
    std::optional<std::chrono::steady_clock::time_point> stopped{}; // by a signal, since then; none = it is not
    std::string last_output{};
    std::string ggml{};          // that it computes with, such as "0.25.1"; empty = not known
};

struct rpc_server_options {
    std::filesystem::path program; // empty = none may be started
    std::filesystem::path logs;    // folder of rpc-PORT.log
    std::chrono::milliseconds start_patience = std::chrono::seconds{10}; // until its port is open
    std::chrono::milliseconds stop_patience = std::chrono::seconds{3};   // between SIGTERM and SIGKILL
    std::int32_t threads = 0; // of each, where it computes on the processor; 0 = one per core
    bool cache = false;       // each keeps weights in llama.cpp's cache folder
};

inline constexpr std::size_t max_rpc_servers = 16;

// Every process listens on 127.0.0.1 alone and dies with this one. Any thread.
class rpc_servers {
  public:
    explicit rpc_servers(rpc_server_options options);
    ~rpc_servers(); // ends them all
    rpc_servers(const rpc_servers&) = delete;
    rpc_servers& operator=(const rpc_servers&) = delete;

    // Returns when the port is open, or after `start_patience` with a process that runs but does not listen yet.
    // `devices`: names that the program itself lists, separated by commas; empty = its own choice. Errors: no
    // program, a port below 1024 or in use, an unknown device, too many, or that it died, with its last lines.
    [[nodiscard]] result<rpc_server_state> start(std::uint16_t port, const std::string& devices);

    // Returns when it has ended. One that ended by itself is forgotten. Errors: there is none on that port.
    [[nodiscard]] result<rpc_server_state> stop(std::uint16_t port);

    [[nodiscard]] std::vector<rpc_server_state> list() const; // by port, also those that ended by themselves

    // Why the process on that port cannot answer, a sentence for other machines: it has been stopped by a signal for two
    // seconds. Empty = nothing is known against it. Does not wait.
    [[nodiscard]] std::string fault(std::uint16_t port) const;

    // The devices that the program lists, such as "CPU" or "CUDA0".
    [[nodiscard]] result<std::vector<std::string>> devices() const;

  private:
    struct child {
        rpc_server_state state;
        int output = -1;
        log_file log;
    };

    void watch();
    void watch_once();
    bool read_output(child& one);
    result<void> admit(std::uint16_t port, const std::string& devices);
    result<void> launch(std::uint16_t port, const std::string& devices);
    void wake() const;

    const rpc_server_options options_;
    mutable std::mutex mutex_;
    std::mutex starting_; // one start at a time
    std::condition_variable changed_;
    std::map<std::uint16_t, std::unique_ptr<child>> children_;
    std::function<void()> launch_; // to be called by the watching thread
    bool over_ = false;
    int wake_read_ = -1, wake_write_ = -1;
    std::thread watcher_; // last: it uses the others
};

// Whether a process of this machine listens on the port, on an address that 127.0.0.1 reaches.
[[nodiscard]] bool is_listening(std::uint16_t port);

} // namespace tw::agent
