// `tightwad start`: `serve` as a process that outlives this one; what it says is passed on until its models are there.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <string>

#include <fcntl.h>
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

struct background {
    pid_t pid = -1;
    int output = -1;
};

[[noreturn]] void become(char** argv, int output) {
    ::setsid(); // the terminal's Ctrl-C and its end are not for it
    sigset_t none;
    sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::close_range(3, ~0U, 0);
    ::execv(argv[0], argv);
    const std::string why = std::string("error: ") + argv[0] + " cannot be run: " + std::strerror(errno) + ".\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, why.data(), why.size());
    ::_exit(exit_failure);
}

result<background> begin(const own_command& what) {
    std::array<int, 2> ends{};
    if (what.program.empty() || ::pipe2(ends.data(), O_CLOEXEC) != 0)
        return fail(code::unavailable, "This program cannot start itself; run `tightwad serve` instead.");
    auto words = what.arguments;
    words.insert(words.begin(), what.program.string());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const auto child = ::fork();
    if (child == 0) become(argv.data(), ends[1]);
    ::close(ends[1]);
    if (child < 0) {
        ::close(ends[0]);
        return fail(code::unavailable, std::string("No process can be started: ") + std::strerror(errno) + ".");
    }
    return background{child, ends[0]};
}

// Passes on what the child says, line by line. True when it said that it is ready, false when it ended.
bool listen_to(int output) {
    std::array<char, 4096> bytes{};
    std::string line;
    bool ready = false;
    for (;;) {
        const auto got = ::read(output, bytes.data(), bytes.size());
        if (got < 0 && errno == EINTR) continue;
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
    if (const auto other = find_serving(server.port))
        return complain("An endpoint already runs at " + other->url + " (pid " + std::to_string(other->pid) +
                            "); stop it with `tightwad stop`, or choose another port.",
                        exit_failure);
    auto what = command_of("serve", global, *config);
    what.arguments.emplace_back("--started");
    block_stop_signals();
    const auto child = begin(what);
    if (!child) return complain(child.error().message, exit_failure);
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
    reclaim(global, letting);
    return exit_ok; // it runs, whatever became of the files' pages
}

} // namespace tw::cli
