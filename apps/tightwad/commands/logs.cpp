// `tightwad logs`: the last lines of what the endpoint, the peer and the programs they started have written.
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/log_file.hpp"
#include "base/text.hpp"
#include "commands/commands.hpp"
#include "commands/terminal.hpp"
#include "config/paths.hpp"

namespace tw::cli {
namespace {

namespace fs = std::filesystem;

bool is_log(const std::string& name) {
    return name == "proxy" || name == "peer" || name.starts_with("rpc-") || name.starts_with("pool-");
}

// By name; only these are ever read or cleared.
std::vector<std::string> existing(const fs::path& folder) {
    std::vector<std::string> out;
    std::error_code failed;
    for (auto one = fs::directory_iterator(folder, failed); !failed && one != fs::directory_iterator(); one.increment(failed))
        if (const auto& path = one->path(); path.extension() == ".log" && is_log(path.stem().string()))
            out.push_back(path.stem().string());
    std::ranges::sort(out);
    return out;
}

error no_such_log(const std::string& name, const std::vector<std::string>& names, const fs::path& folder) {
    if (names.empty())
        return fail(code::not_found, "There are no logs in " + folder.string() + ": neither an endpoint nor a peer has run "
                                     "for this user yet.");
    std::string list;
    for (const auto& one : names) list += (list.empty() ? "" : ", ") + one;
    const auto near = near_name(name, names);
    return fail(code::not_found, "There is no log \"" + name + "\" in " + folder.string() +
                                     (near.empty() ? "; there is " + list + "." : "; did you mean \"" + near + "\"?"));
}

error cannot(const char* what, const fs::path& file) {
    return fail(code::unavailable, "The log " + file.string() + " cannot be " + what + " (" +
                                       std::generic_category().message(errno) + ").");
}

// Those who write append, so they go on at the new beginning.
result<void> clear(const fs::path& file) {
    if (::truncate(file.c_str(), 0) != 0) return cannot("cleared", file);
    auto older = file;
    older += ".1";
    std::error_code failed;
    fs::remove(older, failed);
    auto rotated = file; // as spdlog calls it
    rotated.replace_extension(".1.log");
    fs::remove(rotated, failed);
    return {};
}

struct open_log {
    int file = -1;
    struct stat about {};

    explicit open_log(const fs::path& path) : file(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        if (file >= 0) ::fstat(file, &about);
    }
    ~open_log() {
        if (file >= 0) ::close(file);
    }
    open_log(const open_log&) = delete;
    open_log& operator=(const open_log&) = delete;
};

// What a file holds from `at` on, until it is no longer the one of that name; a file that was cleared begins anew.
result<void> follow_one(const fs::path& path, off_t at) {
    const open_log log(path);
    if (log.file < 0) return cannot("read", path);
    std::vector<char> bytes(65536);
    for (;;) {
        struct stat named {}, held {};
        const bool replaced = ::stat(path.c_str(), &named) == 0 && named.st_ino != log.about.st_ino;
        if (::fstat(log.file, &held) == 0 && held.st_size < at) at = 0;
        for (ssize_t got = 0; (got = ::pread(log.file, bytes.data(), bytes.size(), at)) > 0; at += got)
            std::cout.write(bytes.data(), got);
        std::cout.flush();
        if (replaced || !std::cout) return {};
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
}

} // namespace

int logs(const logs_options& options) {
    const auto folder = state_folder() / "logs";
    const auto names = existing(folder);
    if (std::ranges::find(names, options.name) == names.end())
        return complain(no_such_log(options.name, names, folder).message, exit_failure);
    const auto file = folder / (options.name + ".log");
    if (options.clear) {
        const auto done = clear(file);
        return done ? exit_ok : complain(done.error().message, exit_failure);
    }
    if (::access(file.c_str(), R_OK) != 0) return complain(cannot("read", file).message, exit_failure);
    std::error_code failed;
    const auto size = fs::file_size(file, failed);
    for (const auto& line : agent::last_lines_of(file, options.lines)) std::cout << line << '\n';
    std::cout.flush();
    if (!options.follow) return exit_ok;
    for (auto at = failed ? 0 : static_cast<off_t>(size); std::cout; at = 0)
        if (const auto ended = follow_one(file, at); !ended) return complain(ended.error().message, exit_failure);
    return exit_ok;
}

} // namespace tw::cli
