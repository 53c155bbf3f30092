// Loads a plugin in a child process first, to see whether that can be survived.
#include "plugin/rehearse.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tightwad/abi/plugin.h>

#include "plugin/vtable.hpp"

namespace tw {
namespace {

[[noreturn]] void child(const char* path, int report) {
    const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(nowhere, STDOUT_FILENO); // what a constructor prints is printed once, by the real load
    ::dup2(nowhere, STDERR_FILENO);
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    if (void* library = ::dlopen(path, RTLD_NOW | RTLD_LOCAL); library != nullptr) {
        const auto* entry = static_cast<const tw_plugin*>(::dlsym(library, TW_PLUGIN_SYMBOL));
        if (entry != nullptr && entry->size >= sizeof(tw_plugin) && entry->query != nullptr)
            static_cast<void>(vtable_fault(*entry));
    }
    const char survived = 'y';
    const auto written = ::write(report, &survived, 1);
    ::_exit(written == 1 ? 0 : 1);
}

// Whether the child reported before `limit` was over or it closed its end.
enum class answer { survived, ended, late };
answer wait_for(int report, std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        pollfd waiting{report, POLLIN, 0};
        const int ready =
            ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0) return answer::late;
        char byte = 0;
        const auto got = ::read(report, &byte, 1);
        if (got < 0 && errno == EINTR) continue;
        return got == 1 ? answer::survived : answer::ended;
    }
}

} // namespace

std::optional<std::string> rehearse(const std::filesystem::path& file,
                                    std::chrono::milliseconds limit) {
    const auto name = file.filename().string();
    const auto path = file.string();
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return name + " was not loaded: no pipe could be made (" + std::strerror(errno) + ").";
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::close(ends[0]);
        child(path.c_str(), ends[1]);
    }
    ::close(ends[1]);
    if (pid < 0) {
        ::close(ends[0]);
        return name + " was not loaded: no process could be made to try it (" +
               std::strerror(errno) + ").";
    }
    const auto outcome = wait_for(ends[0], limit);
    ::close(ends[0]);
    if (outcome == answer::late) ::kill(pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }

    if (outcome == answer::survived) return std::nullopt;
    if (outcome == answer::late)
        return name + " was still loading after " + std::to_string(limit.count()) +
               " ms in a process of its own, so it was not loaded.";
    if (WIFSIGNALED(status))
        return name + " ended the process that tried to load it with signal " +
               std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) +
               "), so it was not loaded.";
    return name + " ended the process that tried to load it with status " +
           std::to_string(WEXITSTATUS(status)) + ", so it was not loaded.";
}

} // namespace tw
