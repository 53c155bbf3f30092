// JSON in the state folder, replaced in one step.
#include "commands/pid_file.hpp"

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "config/paths.hpp"

namespace tw::cli {
namespace {

namespace fs = std::filesystem;

// proc(5): the state is field 3 and the start time field 22; field 2 is a name in parentheses that may
// itself hold spaces and parentheses. None when there is no such process, or only its zombie.
std::optional<std::uint64_t> start_time(int pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    const std::string line{std::istreambuf_iterator<char>(in), {}};
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream fields(line.substr(name_end + 1));
    std::string state, skipped;
    fields >> state;
    for (int field = 4; field < 22; ++field) fields >> skipped;
    std::uint64_t started = 0;
    if (!(fields >> started) || state == "Z" || state == "X") return std::nullopt;
    return started;
}

} // namespace

fs::path pid_file_path(std::uint16_t port) {
    return state_folder() / ("serve-" + std::to_string(port) + ".json");
}

fs::path peer_pid_file_path() { return state_folder() / "peer.json"; }

bool is_running(const serving_process& process) {
    if (fs::exists("/proc/self/stat")) return start_time(process.pid) == process.started;
    return ::kill(process.pid, 0) == 0 || errno == EPERM;
}

std::optional<serving_process> find_serving(std::uint16_t port) { return find_serving(pid_file_path(port)); }

std::optional<serving_process> find_serving(const fs::path& file) {
    std::ifstream in(file);
    const auto json = nlohmann::json::parse(in, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    serving_process found;
    try {
        found = {json.at("pid").get<int>(), json.at("started").get<std::uint64_t>(),
                 json.at("url").get<std::string>(), json.value("links", "")};
    } catch (const nlohmann::json::exception&) {
        return std::nullopt; // written by something else; a new start replaces it
    }
    if (found.pid <= 1 || !is_running(found)) return std::nullopt;
    return found;
}

std::optional<std::string> already_serving(std::uint16_t port) {
    const auto other = find_serving(port);
    if (!other) return std::nullopt;
    return "An endpoint already runs at " + other->url + " (pid " + std::to_string(other->pid) +
           "); stop it with `tightwad stop`, or choose another port.";
}

result<pid_file> pid_file::write(std::uint16_t port, const std::string& url) {
    return write(pid_file_path(port), url);
}

result<pid_file> pid_file::write(const fs::path& path, const std::string& url, const std::string& links) {
    const auto unwritable = [&](const std::error_code& why) {
        return fail(code::denied, "The pid file " + path.string() + " cannot be written (" + why.message() +
                                      "); set TIGHTWAD_STATE to a folder you can write.");
    };
    std::error_code failed;
    fs::create_directories(path.parent_path(), failed);
    if (failed) return unwritable(failed);
    nlohmann::json content{{"pid", ::getpid()}, {"started", start_time(::getpid()).value_or(0)}, {"url", url}};
    if (!links.empty()) content["links"] = links;
    auto fresh = path;
    fresh += "." + std::to_string(::getpid());
    std::ofstream out(fresh);
    out << content.dump() << '\n';
    out.close();
    if (!out) return unwritable(std::make_error_code(std::errc::io_error));
    fs::rename(fresh, path, failed);
    if (failed) return unwritable(failed);
    return pid_file(path);
}

pid_file::~pid_file() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove(path_, ignored);
}

} // namespace tw::cli
