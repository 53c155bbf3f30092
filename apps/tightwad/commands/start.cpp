// `tightwad start`: `serve` as a process that outlives this one; what it says is passed on until its models are there.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <string>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/spawn.hpp"
#include "commands/commands.hpp"
#include "commands/own_command.hpp"
#include "commands/pid_file.hpp"
#include "commands/setup.hpp"
#include "commands/signal_watch.hpp"
#include "commands/terminal.hpp"
#include "config/paths.hpp"

namespace tw::cli {
namespace {

// Passes on what the child says, line by line. True when it said that it is ready, false when it ended.
bool listen_to(int output) {
    std::array<char, 4096> bytes{};
    std::string line;
    bool ready = false;
    for (;;) {
        pollfd there{output, POLLIN, 0};
        if (::poll(&there, 1, -1) < 0 && errno == EINTR) continue;
        const auto got = ::read(output, bytes.data(), bytes.size());
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got <= 0) break;
        for (const char byte : std::string_view(bytes.data(), static_cast<std::size_t>(got))) {
            line += byte;
            if (byte != '\n') continue;
            if (line == std::string(start_line_ready) + '\n') ready = true;
            else std::cerr << line << std::flush;
            line.clear();
        }
    }
    std::cerr << line << std::flush;
    ::close(output);
    return ready;
}

} // namespace

int start(const global_options& global, const start_options& options) {
    log_to_stderr("info");
    const auto config = load_config(global);
    if (!config) return report_mistakes(config.error());
    const auto& server = config->server;
    if (const auto refusal = already_serving(server.port)) return complain(*refusal, exit_failure);
    auto what = command_of("serve", global, *config);
    what.arguments.emplace_back("--started");
    if (options.skip_version_check) what.arguments.emplace_back("--skip-version-check");
    if (!options.model.empty()) what.arguments.insert(what.arguments.end(), {"--model", options.model});
    block_stop_signals();
    const auto child = agent::spawn(what.program, what.arguments, std::vector<std::string>(), agent::lifetime::its_own);
    if (!child) return complain(child.error().message + " Run `tightwad serve` instead.", exit_failure);
    bool ready = false;
    {
        const signal_watch signals([&] { ::kill(child->pid, SIGTERM); });
        ready = listen_to(child->output);
    }
    if (!ready) {
        int status = 0;
        while (::waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {}
        const auto code = agent::exit_code_of(status);
        if (code == exit_ok) return complain("It was stopped before its models were loaded.", exit_failure);
        return complain("The endpoint ended with code " + std::to_string(code) + "; its reason is above.",
                        code == exit_usage ? exit_usage : exit_failure);
    }
    std::cout << "Tightwad runs in the background at " << server.url() << "/v1, pid " << child->pid << ", log "
              << (state_folder() / "logs" / "proxy.log").string() << ". End it with `tightwad stop`." << std::endl;
    const bool anything = std::ranges::any_of(config->nodes, [](const auto& node) { return !node.peer && !node.server; });
    if (options.reclaim == reclaiming::off || !anything) return exit_ok;
    reclaim_options letting;
    letting.only_if_tight = options.reclaim == reclaiming::automatic;
    letting.of_endpoint = true;
    letting.model = options.model;
    reclaim(global, letting);
    return exit_ok; // it runs, whatever became of the files' pages
}

} // namespace tw::cli
