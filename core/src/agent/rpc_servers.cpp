// A thread forks, reads what the children say, and reaps them: a child is killed with the thread that forked it.
#include "agent/rpc_servers.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/library_version.hpp"
#include "base/text.hpp"

namespace tw::agent {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t most_remembered = 64;
constexpr std::size_t kept_output = 4096;
constexpr auto forgiven_stop = 2s; // as long as a link may be cut without harm

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> out{""};
    for (const char c : text)
        if (c == ',') out.emplace_back();
        else out.back() += c;
    return out;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : between) + word;
    return out;
}

// The program lists its devices as "  NAME: description" when it is asked for one that it does not have.
std::vector<std::string> listed_devices(const std::string& output) {
    std::vector<std::string> out;
    bool in_list = false;
    for (const auto& line : last_lines(output, 1000)) {
        if (line.starts_with("available devices:")) in_list = true;
        const auto colon = line.find(": ");
        if (in_list && line.starts_with("  ") && colon != std::string::npos && colon > 2)
            out.push_back(line.substr(2, colon - 2));
    }
    return out;
}

error died(const rpc_server_state& state) {
    const auto said = joined(last_lines(state.last_output, 5), " | ");
    return fail(code::unavailable, "The rpc-server on port " + std::to_string(state.port) + " ended at once with code " +
                                       std::to_string(state.exited.value_or(0)) +
                                       (said.empty() ? " and said nothing." : "; it said: " + said));
}

void note_stop(rpc_server_state& state, bool is_stopped) {
    if (is_stopped) state.stopped = steady_clock::now();
    else state.stopped.reset();
    spdlog::info("event={} port={} pid={}", is_stopped ? "rpc_stopped_by_signal" : "rpc_continued", state.port, state.pid);
}

} // namespace

bool is_listening(std::uint16_t port) {
    for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        std::ifstream in(table);
        std::string line, slot, local, remote, state;
        std::getline(in, line);
        // proc(5): "sl local_address rem_address st", addresses as HEX:HEXPORT, 0A = listening.
        while (in >> slot >> local >> remote >> state) {
            std::getline(in, line);
            const auto colon = local.rfind(':');
            if (state != "0A" || colon == std::string::npos) continue;
            unsigned long number = 0;
            try {
                number = std::stoul(local.substr(colon + 1), nullptr, 16);
            } catch (const std::exception&) { continue; }
            const auto address = local.substr(0, colon);
            const bool any = address.find_first_not_of('0') == std::string::npos;
            if (number == port && (any || address.ends_with("0100007F"))) return true;
        }
    }
    return false;
}

rpc_servers::rpc_servers(rpc_server_options options) : options_(std::move(options)) {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) throw std::system_error(errno, std::generic_category());
    wake_read_ = ends[0];
    wake_write_ = ends[1];
    watcher_ = std::thread([this] { watch(); });
}

rpc_servers::~rpc_servers() {
    const auto signal_all = [this](int signal) {
        for (const auto& [port, one] : children_)
            if (!one->state.exited) ::kill(one->state.pid, signal);
    };
    const auto all_ended = [this] {
        return std::ranges::all_of(children_, [](const auto& one) { return one.second->state.exited.has_value(); });
    };
    {
        std::unique_lock lock(mutex_);
        signal_all(SIGTERM);
        if (!changed_.wait_for(lock, options_.stop_patience, all_ended)) {
            signal_all(SIGKILL);
            changed_.wait(lock, all_ended);
        }
        over_ = true;
    }
    wake();
    watcher_.join();
    ::close(wake_read_);
    ::close(wake_write_);
}

void rpc_servers::wake() const {
    const char byte = 0;
    [[maybe_unused]] const auto written = ::write(wake_write_, &byte, 1); // a full pipe wakes as well
}

result<std::vector<std::string>> rpc_servers::devices() const {
    if (options_.program.empty())
        return fail(code::denied, "This machine starts no rpc-server: rpc_server is not set in its [peer] table.");
    const auto asked = run_program(options_.program, {"--device", "tightwad-asks-for-the-list"}, 10s);
    if (!asked) return asked.error();
    auto found = listed_devices(asked->output);
    if (found.empty())
        return fail(code::unavailable, "The program " + options_.program.string() +
                                           " lists no devices; is it llama.cpp's ggml-rpc-server?");
    return found;
}

result<void> rpc_servers::admit(std::uint16_t port, const std::string& devices) {
    if (options_.program.empty())
        return fail(code::denied, "This machine starts no rpc-server: rpc_server is not set in its [peer] table.");
    if (port < 1024)
        return fail(code::invalid_argument, "An rpc-server cannot have port " + std::to_string(port) +
                                                "; choose one from 1024 to 65535.");
    {
        const std::lock_guard lock(mutex_);
        const auto running = std::ranges::count_if(children_, [](const auto& one) { return !one.second->state.exited; });
        if (running >= static_cast<std::ptrdiff_t>(max_rpc_servers))
            return fail(code::busy, "This machine already runs " + std::to_string(running) +
                                        " rpc-servers, the most it takes; stop one first.");
        if (const auto same = children_.find(port); same != children_.end() && !same->second->state.exited)
            return fail(code::busy, "An rpc-server already runs on port " + std::to_string(port) + " (pid " +
                                        std::to_string(same->second->state.pid) + "); stop it, or choose another port.");
    }
    if (is_listening(port))
        return fail(code::busy, "Another program listens on port " + std::to_string(port) + "; choose another port.");
    if (devices.empty()) return {};
    const auto known = this->devices();
    if (!known) return known.error();
    for (const auto& one : split(devices))
        if (std::ranges::find(*known, one) == known->end())
            return fail(code::invalid_argument, "The rpc-server has no device \"" +
                                                    to_valid_utf8(cut_utf8(one, 100)) + "\"; it has " +
                                                    joined(*known, ", ") + ".");
    return {};
}

result<void> rpc_servers::launch(std::uint16_t port, const std::string& devices) {
    // Its own default is one for every two cores.
    const auto threads = options_.threads > 0 ? options_.threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    std::vector<std::string> arguments{"--host", "127.0.0.1", "--port", std::to_string(port), "--threads", std::to_string(threads)};
    if (!devices.empty()) arguments.insert(arguments.end(), {"--device", devices});
    if (options_.cache) arguments.emplace_back("--cache");
    const auto made = spawn(options_.program, arguments);
    if (!made) return made.error();
    const auto log = options_.logs / ("rpc-" + std::to_string(port) + ".log");
    children_[port] = std::unique_ptr<child>(
        new child{{made->pid, port, devices, std::chrono::system_clock::now()}, made->output, log_file(log)});
    spdlog::info("event=rpc_started port={} pid={} device=\"{}\"", port, made->pid, devices);
    while (children_.size() > most_remembered) {
        const auto ended = std::ranges::find_if(children_, [](const auto& one) { return one.second->state.exited.has_value(); });
        if (ended == children_.end()) break;
        children_.erase(ended);
    }
    return {};
}

result<rpc_server_state> rpc_servers::start(std::uint16_t port, const std::string& devices) {
    const std::lock_guard one_at_a_time(starting_);
    if (auto admitted = admit(port, devices); !admitted) return admitted.error();
    std::unique_lock lock(mutex_);
    std::optional<result<void>> launched;
    launch_ = [&] { launched = launch(port, devices); };
    wake();
    changed_.wait(lock, [&] { return launched.has_value(); });
    if (!*launched) return launched->error();
    const auto until = steady_clock::now() + options_.start_patience;
    for (;;) {
        const auto found = children_.find(port);
        if (found == children_.end()) return fail(code::cancelled, "The rpc-server was stopped while it started.");
        auto& state = found->second->state;
        if (state.exited) {
            auto failure = died(state);
            children_.erase(found);
            return failure;
        }
        state.listening = is_listening(port);
        if (state.listening || steady_clock::now() > until) return state;
        changed_.wait_for(lock, 20ms);
    }
}

result<rpc_server_state> rpc_servers::stop(std::uint16_t port) {
    std::unique_lock lock(mutex_);
    const auto find = [&] { return children_.find(port); };
    if (find() == children_.end()) {
        std::string ports;
        for (const auto& [other, one] : children_) ports += (ports.empty() ? "" : ", ") + std::to_string(other);
        return fail(code::not_found, "No rpc-server of this machine has port " + std::to_string(port) +
                                         (ports.empty() ? "; there is none." : "; there are those on " + ports + "."));
    }
    const auto pid = find()->second->state.pid;
    const auto ended = [&] {
        const auto found = find();
        return found == children_.end() || found->second->state.pid != pid || found->second->state.exited;
    };
    if (!ended()) {
        ::kill(pid, SIGTERM);
        if (!changed_.wait_for(lock, options_.stop_patience, ended)) {
            ::kill(pid, SIGKILL);
            changed_.wait(lock, ended);
        }
    }
    const auto found = find();
    if (found == children_.end() || found->second->state.pid != pid)
        return rpc_server_state{.pid = pid, .port = port, .device = {}, .since = {}, .exited = 0}; // by another call
    auto state = found->second->state;
    children_.erase(found);
    spdlog::info("event=rpc_stopped port={} pid={} code={}", port, pid, state.exited.value_or(0));
    return state;
}

std::vector<rpc_server_state> rpc_servers::list() const {
    const std::lock_guard lock(mutex_);
    std::vector<rpc_server_state> out;
    for (const auto& [port, one] : children_) {
        auto& state = one->state;
        if (!state.exited && state.ggml.empty()) state.ggml = ggml_version_of(state.pid);
        out.push_back(state);
        if (!state.exited) out.back().listening = is_listening(port);
    }
    return out;
}

std::string rpc_servers::fault(std::uint16_t port) const {
    const std::lock_guard lock(mutex_);
    const auto found = children_.find(port);
    if (found == children_.end()) return {};
    const auto& state = found->second->state;
    if (state.exited || !state.stopped || steady_clock::now() - *state.stopped < forgiven_stop) return {};
    const auto pid = std::to_string(state.pid);
    return "The rpc-server (pid " + pid + ") is stopped by a signal; `kill -CONT " + pid + "` there lets it go on.";
}

// False once the child has closed its output.
bool rpc_servers::read_output(child& one) {
    std::array<char, 4096> bytes{};
    for (int round = 0; round < 64; ++round) { // a child that writes without end must not hold the lock
        const auto got = ::read(one.output, bytes.data(), bytes.size());
        if (got == 0) return false;
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        const std::string_view text(bytes.data(), static_cast<std::size_t>(got));
        one.log.write(text);
        auto& last = one.state.last_output;
        last += text;
        if (last.size() > 2 * kept_output) last.erase(0, last.size() - kept_output);
    }
    return true;
}

void rpc_servers::watch() {
    for (;;) {
        std::vector<pollfd> ready{{wake_read_, POLLIN, 0}};
        bool running = false;
        {
            const std::lock_guard lock(mutex_);
            if (over_) return;
            for (const auto& [port, one] : children_) {
                if (one->output >= 0) ready.push_back({one->output, POLLIN, 0});
                running = running || !one->state.exited;
            }
        }
        ::poll(ready.data(), ready.size(), running ? 50 : -1);
        watch_once();
        changed_.notify_all();
    }
}

void rpc_servers::watch_once() {
    std::array<char, 64> bytes{};
    while (::read(wake_read_, bytes.data(), bytes.size()) > 0) {}
    const std::lock_guard lock(mutex_);
    if (launch_) std::exchange(launch_, nullptr)();
    for (auto& [port, one] : children_) {
        if (one->state.exited) continue;
        int status = 0;
        const bool news = ::waitpid(one->state.pid, &status, WNOHANG | WUNTRACED | WCONTINUED) == one->state.pid;
        const bool ended = news && (WIFEXITED(status) || WIFSIGNALED(status));
        if (news && !ended) note_stop(one->state, WIFSTOPPED(status));
        if (one->output >= 0 && (!read_output(*one) || ended)) ::close(std::exchange(one->output, -1));
        if (!ended) continue;
        one->state.exited = exit_code_of(status);
        spdlog::info("event=rpc_ended port={} pid={} code={}", port, one->state.pid, *one->state.exited);
    }
}

} // namespace tw::agent
