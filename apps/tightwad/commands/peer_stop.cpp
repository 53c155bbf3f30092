// `tightwad peer stop`: ends the peer of this machine, and waits until it is gone.
#include <chrono>
#include <csignal>
#include <iostream>
#include <thread>

#include "commands/commands.hpp"
#include "commands/pid_file.hpp"
#include "commands/terminal.hpp"

namespace tw::cli {

int peer_stop() {
    using namespace std::chrono;
    const auto process = find_serving(peer_pid_file_path());
    if (!process) {
        std::cout << "No peer is running." << std::endl;
        return exit_ok;
    }
    const auto who = "The peer at " + process->links + " (pid " + std::to_string(process->pid) + ")";
    if (::kill(process->pid, SIGTERM) != 0)
        return complain(who + " belongs to another user and cannot be stopped.", exit_failure);
    constexpr seconds patience{15};
    const auto began = steady_clock::now();
    while (is_running(*process)) {
        if (steady_clock::now() - began > patience)
            return complain(who + " has not ended after " + std::to_string(patience.count()) +
                                " s; end it with `kill -9 " + std::to_string(process->pid) + "`.",
                            exit_failure);
        std::this_thread::sleep_for(50ms);
    }
    std::cout << who << " has stopped." << std::endl;
    return exit_ok;
}

} // namespace tw::cli
