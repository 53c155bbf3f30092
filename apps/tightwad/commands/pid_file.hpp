// Remembers which process serves, so that it can be found and stopped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace tw::cli {

struct serving_process {
    int pid = 0;
    std::uint64_t started = 0; // clock ticks after boot, from /proc: tells a recycled pid from the old one
    std::string url;     // where it answers requests from this machine
    std::string links{}; // a peer: where it listens for other machines; empty for an endpoint
};

// state_folder()/serve-PORT.json
[[nodiscard]] std::filesystem::path pid_file_path(std::uint16_t port);

// state_folder()/peer.json: one peer per state folder, whatever its port.
[[nodiscard]] std::filesystem::path peer_pid_file_path();

// The process that serves the port, or that wrote the file, if it still runs. A file left behind by a crash, or
// one whose pid belongs to another process by now, counts as none.
[[nodiscard]] std::optional<serving_process> find_serving(std::uint16_t port);
[[nodiscard]] std::optional<serving_process> find_serving(const std::filesystem::path& file);

// The refusal to start another endpoint on a port that has one; none where it is free.
[[nodiscard]] std::optional<std::string> already_serving(std::uint16_t port);

[[nodiscard]] bool is_running(const serving_process& process);

// Written for this process, removed when dropped.
class pid_file {
  public:
    [[nodiscard]] static result<pid_file> write(std::uint16_t port, const std::string& url);
    [[nodiscard]] static result<pid_file> write(const std::filesystem::path& path, const std::string& url,
                                                const std::string& links = {});
    pid_file(pid_file&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    pid_file& operator=(pid_file&&) = delete;
    ~pid_file();

  private:
    explicit pid_file(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

} // namespace tw::cli
