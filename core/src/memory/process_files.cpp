// /proc/PID/maps, fd and cmdline; /proc/net/tcp.
#include "memory/process_files.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

#include <fcntl.h>
#include <unistd.h>

#include "base/text.hpp"

namespace tw::memory {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_words = 4096; // of a command line

fs::path proc(int pid) {
    return fs::path("/proc") / std::to_string(pid);
}

std::vector<int> processes() {
    std::vector<int> out;
    std::error_code failed;
    for (fs::directory_iterator at("/proc", failed), end; !failed && at != end; at.increment(failed)) {
        const auto name = at->path().filename().string();
        int pid = 0;
        const auto [rest, wrong] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (wrong == std::errc{} && rest == name.data() + name.size()) out.push_back(pid);
    }
    return out;
}

// proc_pid_maps(5): "begin-end flags offset device inode   path".
std::set<std::string> mapped_by(int pid) {
    std::set<std::string> out;
    std::ifstream maps(proc(pid) / "maps");
    for (std::string line; std::getline(maps, line);)
        if (const auto path = line.find('/'); path != std::string::npos) out.insert(line.substr(path));
    return out;
}

std::set<std::string> opened_by(int pid) {
    std::set<std::string> out;
    std::error_code failed;
    for (fs::directory_iterator at(proc(pid) / "fd", failed), end; !failed && at != end; at.increment(failed)) {
        std::error_code ignored;
        if (auto to = fs::read_symlink(at->path(), ignored); !to.empty()) out.insert(to.string());
    }
    return out;
}

// What stands on its command line, as paths from its own folder.
std::set<std::string> named_by(int pid) {
    std::set<std::string> out;
    std::error_code ignored;
    const auto folder = fs::read_symlink(proc(pid) / "cwd", ignored);
    std::ifstream words(proc(pid) / "cmdline");
    std::size_t count = 0;
    for (std::string word; count < most_words && std::getline(words, word, '\0'); ++count)
        if (!word.empty() && !word.starts_with('-')) out.insert((folder / word).lexically_normal().string());
    return out;
}

// The sockets that listen on the port, as /proc/PID/fd names them.
std::set<std::string> sockets_on(std::uint16_t port) {
    std::set<std::string> out;
    for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        std::ifstream in(table);
        std::string line;
        std::getline(in, line); // the heading
        while (std::getline(in, line)) {
            std::istringstream fields(line);
            std::string slot, local, remote, state, skipped, inode;
            fields >> slot >> local >> remote >> state;
            for (int i = 0; i < 5; ++i)
                fields >> skipped;
            fields >> inode;
            const auto colon = local.rfind(':');
            std::uint32_t number = 0;
            if (colon == std::string::npos || state != "0A") continue; // TCP_LISTEN
            std::from_chars(local.data() + colon + 1, local.data() + local.size(), number, 16);
            if (number == port) out.insert("socket:[" + inode + "]");
        }
    }
    return out;
}

error hidden(int pid) {
    return fail(code::denied, "The process " + std::to_string(pid) +
                                  " is another user's and cannot be looked into; ask with sudo.");
}

} // namespace

bool is_model_file(const fs::path& file) {
    std::error_code failed;
    if (!fs::is_regular_file(file, failed)) return false; // nothing that blocks is opened
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
#ifdef POSIX_FADV_RANDOM
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM); // nothing is read ahead, or looking would change what is looked at
#endif
    std::array<char, 4> magic{};
    const auto n = ::read(fd, magic.data(), magic.size());
    ::close(fd);
    return n == 4 && std::string_view(magic.data(), magic.size()) == "GGUF";
}

result<int> listener_of(std::uint16_t port) {
    const auto sockets = sockets_on(port);
    if (sockets.empty()) return fail(code::not_found, "No process listens on port " + std::to_string(port) + ".");
    for (const int pid : processes())
        for (const auto& one : opened_by(pid))
            if (sockets.contains(one)) return pid;
    return fail(code::denied, "The process that listens on port " + std::to_string(port) +
                                  " is another user's and cannot be looked into; ask with sudo.");
}

result<std::vector<fs::path>> model_files_of(int pid) {
    std::error_code failed;
    if (!fs::exists(proc(pid), failed))
        return fail(code::not_found, "There is no process " + std::to_string(pid) + ".");
    if (fs::directory_iterator(proc(pid) / "fd", failed); failed) return hidden(pid);
    auto names = mapped_by(pid);
    names.merge(opened_by(pid));
    names.merge(named_by(pid));
    std::vector<fs::path> out;
    for (const auto& name : names)
        if (is_model_file(name)) out.emplace_back(name);
    if (out.empty())
        return fail(code::not_found, "The process " + std::to_string(pid) +
                                         " works with no GGUF file; name the model's file instead.");
    return out;
}

std::vector<mapper> mappers_of(const fs::path& file) {
    std::error_code failed;
    const auto path = fs::canonical(file, failed).string();
    std::vector<mapper> out;
    if (failed) return out;
    for (const int pid : processes()) {
        if (!mapped_by(pid).contains(path)) continue;
        std::ifstream in(proc(pid) / "comm");
        std::string name;
        std::getline(in, name);
        out.push_back({pid, to_valid_utf8(name)});
    }
    return out;
}

} // namespace tw::memory
