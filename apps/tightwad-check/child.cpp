// One case in a process of its own.
#include "child.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tightwad/testkit/lent.hpp>

namespace tw::check {
namespace {

using testkit::failed;
using testkit::verdict;

// On the wire: one letter, then the sentence.
constexpr char letter_of(verdict::kind kind) {
    return kind == verdict::kind::passed ? 'p' : kind == verdict::kind::skipped ? 's' : 'f';
}

std::vector<std::string> arguments_for(const conformance_case& one, const subject& what,
                                       int report_fd) {
    std::vector<std::string> out{
        "tightwad-check", what.file.string(),    "--report-fd", std::to_string(report_fd),
        "--case",         std::string(one.name), "--config",    what.config};
    if (!what.sha256.empty()) out.insert(out.end(), {"--sha256", what.sha256});
    for (const auto& dir : what.plugins_dirs)
        out.insert(out.end(), {"--plugins-dir", dir.string()});
    return out;
}

// All that the child reports, until it closes its end; false when `limit` was over first.
bool read_report(int from, std::chrono::seconds limit, std::string& out) {
    const auto until = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        pollfd waiting{from, POLLIN, 0};
        const int ready =
            ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        char bytes[512];
        const auto n = ::read(from, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return true;
        out.append(bytes, static_cast<std::size_t>(n));
    }
}

verdict judge(const std::string& report, int status) {
    if (!report.empty()) {
        const auto kind = report.front() == 'p'   ? verdict::kind::passed
                          : report.front() == 's' ? verdict::kind::skipped
                                                  : verdict::kind::failed;
        return {kind, report.substr(1)};
    }
    if (WIFSIGNALED(status))
        return failed("It ended the process with signal " + std::to_string(WTERMSIG(status)) +
                      " (" + ::strsignal(WTERMSIG(status)) + ").");
    return failed("It ended the process with status " + std::to_string(WEXITSTATUS(status)) + ".");
}

} // namespace

verdict run_in_child(const conformance_case& one, const subject& what, std::chrono::seconds limit) {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0)
        return failed(std::string("No pipe could be made: ") + std::strerror(errno) + ".");
    auto arguments = arguments_for(one, what, ends[1]);
    std::vector<char*> argv;
    for (auto& argument : arguments)
        argv.push_back(argument.data());
    argv.push_back(nullptr);

    const pid_t pid = ::fork();
    if (pid == 0) {
        ::close(ends[0]);
        ::dup2(STDERR_FILENO, STDOUT_FILENO); // what a plugin prints must not mix with the verdicts
        const rlimit no_core{0, 0};
        ::setrlimit(RLIMIT_CORE, &no_core);
        ::execv("/proc/self/exe", argv.data());
        ::_exit(127);
    }
    ::close(ends[1]);
    if (pid < 0) {
        ::close(ends[0]);
        return failed(std::string("No process could be made: ") + std::strerror(errno) + ".");
    }
    std::string report;
    const bool in_time = read_report(ends[0], limit, report);
    ::close(ends[0]);
    if (!in_time) ::kill(pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!in_time) return failed("It did not end within " + std::to_string(limit.count()) + " s.");
    return judge(report, status);
}

int run_here(std::string_view case_name, const subject& what, int report_fd) {
    testkit::lent_text::report_touches(report_fd,
                                       "fIt read what it had been lent after the call had ended.");
    const auto& cases = all_cases();
    const auto one = std::find_if(cases.begin(), cases.end(),
                                  [&](const auto& c) { return c.name == case_name; });
    verdict out = failed("There is no case \"" + std::string(case_name) + "\".");
    if (one != cases.end()) {
        try {
            out = one->run(what);
        } catch (const std::exception& e) {
            out = failed(std::string("It threw an exception across the border: ") + e.what());
        } catch (...) {
            out = failed("It threw something across the border.");
        }
    }
    const std::string line = letter_of(out.result) + out.sentence;
    const auto written = ::write(report_fd, line.data(), line.size());
    // Without destructors: what a plugin does at exit is not what this case asks.
    ::_exit(written == static_cast<ssize_t>(line.size()) ? 0 : 2);
}

} // namespace tw::check
