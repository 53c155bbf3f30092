// `tightwad stop`: asks the endpoint to finish, and waits until it has.
#include <chrono>
#include <csignal>
#include <iostream>
#include <thread>

#include "commands/commands.hpp"
#include "commands/pid_file.hpp"
#include "commands/setup.hpp"
#include "commands/terminal.hpp"

namespace tw::cli {

int proxy_stop(const global_options& global) {
    using namespace std::chrono;
    const auto config = load_config(global);
    if (!config) return report_mistakes(config.error());
    const auto& server = config->server;
    const auto process = find_serving(server.port);
    if (!process) {
        std::cout << "No endpoint is running on port " << server.port << '.' << std::endl;
        return exit_ok;
    }
    const auto who = "The endpoint at " + process->url + " (pid " + std::to_string(process->pid) + ")";
    if (::kill(process->pid, SIGTERM) != 0)
        return complain(who + " belongs to another user and cannot be stopped.", exit_failure);
    const auto patience = server.drain_timeout + seconds(5);
    const auto began = steady_clock::now();
    progress_line progress("finishing the running answers");
    while (is_running(*process)) {
        const auto waited = steady_clock::now() - began;
        if (waited > patience) {
            progress.clear();
            return complain(who + " has not ended after " + std::to_string(patience.count()) +
                                " s; end it with `kill -9 " + std::to_string(process->pid) + "`.",
                            exit_failure);
        }
        if (waited > 1s) progress.show(duration<float>(waited) / duration<float>(patience));
        std::this_thread::sleep_for(50ms);
    }
    progress.clear();
    std::cout << who << " has stopped." << std::endl;
    return exit_ok;
}

} // namespace tw::cli
