// An agent over a scratch folder, and a shell script that stands in for ggml-rpc-server.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/agent.hpp"
#include "support/free_port.hpp"
#include "support/scratch_folder.hpp"

namespace tw::test {

// Says what it was started with, then does what its behaviour file says: run, die, or ignore SIGTERM.
inline constexpr auto script = R"sh(#!/bin/sh
echo "arguments: $*"
case " $* " in
*" tightwad-asks-for-the-list "*)
    echo "error: unknown device: tightwad-asks-for-the-list"
    echo "available devices:"
    echo "  CPU: a processor (1 MiB, 1 MiB free)"
    echo "  CUDA0: a card (1 MiB, 1 MiB free)"
    exit 1 ;;
esac
env | grep TIGHTWAD_
ls /proc/self/fd | tr '\n' ' '
echo
. "$(dirname "$0")/behaviour"
)sh";

struct agent_folder : scratch_folder {
    agent_folder() {
        std::filesystem::permissions(write("rpc-server", script), std::filesystem::perms::owner_all);
        behave("exec sleep 1000");
    }

    void behave(const std::string& how) const { write("behaviour", how + "\n"); }

    [[nodiscard]] agent::agent_options options() const {
        agent::agent_options out;
        out.config.machine = "den";
        out.config.rpc_server = path() / "rpc-server";
        out.version = "0.0";
        out.url = "tw://127.0.0.1:9191";
        out.state = path();
        out.rpc_start_patience = std::chrono::milliseconds{100}; // the script never listens
        out.drm = path() / "drm";
        return out;
    }
};

// A listening socket, so that a port is surely taken.
class taken_port {
  public:
    taken_port() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket_, 1) != 0) std::abort();
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
        number_ = ntohs(address.sin_port);
    }
    ~taken_port() { ::close(socket_); }
    taken_port(const taken_port&) = delete;
    taken_port& operator=(const taken_port&) = delete;
    [[nodiscard]] std::uint16_t number() const { return number_; }

  private:
    int socket_;
    std::uint16_t number_ = 0;
};

inline nlohmann::json ask(agent::agent& agent, const std::string& method, const std::string& target,
                          unsigned status = 200, const std::string& body = {}) {
    const auto reply = agent.handle({method, target, body});
    auto json = nlohmann::json::parse(reply.body, nullptr, false);
    if (reply.status == status) return json;
    return {{"unexpected_status", reply.status}, {"body", reply.body}};
}

inline std::string refusal(agent::agent& agent, const std::string& method, const std::string& target, unsigned status,
                           const std::string& body = {}) {
    const auto json = ask(agent, method, target, status, body);
    return json.contains("error") ? json["error"].value("message", "") : json.dump();
}

// False when the condition does not come true within 20 s.
inline bool eventually(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

inline bool is_alive(int pid) { return std::filesystem::exists("/proc/" + std::to_string(pid)); }

} // namespace tw::test
