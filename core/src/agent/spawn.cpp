// fork and exec; between the two only calls that a child of many threads may make.
#include "agent/spawn.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/paths.hpp"

extern "C" char** environ;

namespace tw::agent {
namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

constexpr std::size_t most_output = 256U << 10U;
constexpr auto stop_patience = std::chrono::seconds(3);

class descriptor {
  public:
    explicit descriptor(int number = -1) : number_(number) {}
    ~descriptor() { reset(); }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    [[nodiscard]] int get() const { return number_; }
    int release() { return std::exchange(number_, -1); }
    void reset(int number = -1) {
        if (number_ >= 0) ::close(number_);
        number_ = number;
    }

  private:
    int number_;
};

bool make_pipe(descriptor& reading, descriptor& writing) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    reading.reset(ends[0]);
    writing.reset(ends[1]);
    return true;
}

[[noreturn]] void become(char* const* argv, char* const* envp, int null, int output, int report, pid_t parent,
                         lifetime how_long) {
    sigset_t none;
    sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    if (how_long == lifetime::its_own) {
        ::setsid();
    } else {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127); // it died before prctl
    }
    ::dup2(null, 0);
    ::dup2(output, 1);
    ::dup2(output, 2);
    ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    ::execve(argv[0], argv, envp);
    const int why = errno;
    [[maybe_unused]] const auto written = ::write(report, &why, sizeof why);
    ::_exit(127);
}

error cannot_run(const fs::path& program, int why) {
    return fail(code::unavailable, "The program " + program.string() + " cannot be run: " + std::strerror(why) + ".");
}

// What is there to read now; false at the end.
bool drain(int output, std::string& into) {
    std::array<char, 4096> bytes{};
    for (;;) {
        const auto got = ::read(output, bytes.data(), bytes.size());
        if (got == 0) return false;
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        if (into.size() < most_output) into.append(bytes.data(), static_cast<std::size_t>(got));
    }
}

} // namespace

namespace {

// What the child gets. Our tokens are among the variables, so a stranger's program gets none of them.
std::vector<std::string> environment_for(const std::optional<std::vector<std::string>>& own) {
    std::vector<std::string> out;
    const auto name_of = [](std::string_view entry) {
        return entry.substr(0, std::min(entry.find('='), entry.size()));
    };
    for (char** one = environ; *one != nullptr; ++one) {
        const std::string_view entry(*one);
        const bool replaced = own && std::any_of(own->begin(), own->end(), [&](const std::string& other) {
            return name_of(other) == name_of(entry);
        });
        if (!replaced && (own || !entry.starts_with("TIGHTWAD_"))) out.emplace_back(entry);
    }
    if (own) out.insert(out.end(), own->begin(), own->end());
    return out;
}

} // namespace

result<spawned> spawn(const fs::path& program, const std::vector<std::string>& arguments,
                      const std::optional<std::vector<std::string>>& own, lifetime how_long) {
    auto variables = environment_for(own);
    std::vector<std::string> words{program.string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv, envp;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    for (auto& one : variables) envp.push_back(one.data());
    envp.push_back(nullptr);

    descriptor output, output_end, report, report_end;
    const descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (null.get() < 0 || !make_pipe(output, output_end) || !make_pipe(report, report_end))
        return cannot_run(program, errno);
    const auto parent = ::getpid();
    const auto child = ::fork();
    if (child < 0) return cannot_run(program, errno);
    if (child == 0) become(argv.data(), envp.data(), null.get(), output_end.get(), report_end.get(), parent, how_long);
    output_end.reset();
    report_end.reset();
    int why = 0;
    ssize_t got = 0;
    do got = ::read(report.get(), &why, sizeof why);
    while (got < 0 && errno == EINTR);
    if (got > 0) { // it never became the program
        ::waitpid(child, nullptr, 0);
        return cannot_run(program, why);
    }
    ::fcntl(output.get(), F_SETFL, O_NONBLOCK);
    return spawned{child, output.release()};
}

int end_child(pid_t pid) {
    int status = 0;
    const auto until = clock::now() + stop_patience;
    ::kill(pid, SIGTERM);
    while (::waitpid(pid, &status, WNOHANG) == 0) {
        if (clock::now() > until) ::kill(pid, SIGKILL);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return status;
}

int exit_code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

result<finished> run_program(const fs::path& program, const std::vector<std::string>& arguments,
                             std::chrono::milliseconds limit) {
    const auto until = clock::now() + limit;
    auto child = spawn(program, arguments);
    if (!child) return child.error();
    const descriptor output(child->output);
    finished out;
    bool open = true;
    int status = 0;
    for (;;) {
        if (::waitpid(child->pid, &status, WNOHANG) == child->pid) break;
        if (clock::now() > until) {
            ::kill(child->pid, SIGKILL);
            ::waitpid(child->pid, &status, 0);
            return fail(code::timed_out, "The program " + program.string() + " did not end within " +
                                             std::to_string(limit.count()) + " ms and was ended.");
        }
        pollfd ready{output.get(), POLLIN, 0};
        if (open && ::poll(&ready, 1, 20) > 0) open = drain(output.get(), out.output);
        else if (!open) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    drain(output.get(), out.output);
    out.exit_code = exit_code_of(status);
    return out;
}

fs::path find_program(const std::string& name) {
    const auto folders = environment("PATH");
    for (std::size_t begin = 0; begin <= folders.size();) {
        const auto end = std::min(folders.find(':', begin), folders.size());
        const auto file = fs::path(folders.substr(begin, end - begin)) / name;
        if (file.is_absolute() && ::access(file.c_str(), X_OK) == 0) return file;
        begin = end + 1;
    }
    return {};
}

} // namespace tw::agent
