// One thread forks the process, reads what it says and reaps it.
#include "pooled/pool_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>

#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "agent/log_file.hpp"
#include "agent/spawn.hpp"
#include "base/text.hpp"

namespace tw::pooled {
namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t longest_line = 4096, most_last_lines = 8, most_warnings = 16;

} // namespace

pool_process::pool_process(process_options options) : options_(std::move(options)) {
    watcher_ = std::thread([this] { watch(); });
}

pool_process::~pool_process() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    watcher_.join();
}

process_report pool_process::now() const {
    const std::lock_guard lock(mutex_);
    return report_;
}

void pool_process::replace(process_options by) {
    {
        const std::lock_guard lock(mutex_);
        next_ = std::move(by);
        report_.now = process_report::state::starting;
        report_.why.clear();
        report_.by_itself = false;
        report_.progress = 0;
    }
    changed_.notify_all();
}

bool pool_process::is_to_end() const {
    const std::lock_guard lock(mutex_);
    return stopping_ || next_;
}

void pool_process::watch() {
    auto wait = options_.first_retry;
    for (;;) {
        const auto began = clock::now();
        run_once();
        if (clock::now() - began > 30s) wait = options_.first_retry; // it stood for a while
        std::unique_lock lock(mutex_);
        const bool told = changed_.wait_for(lock, wait, [this] { return stopping_ || next_; });
        if (stopping_) return;
        wait = std::min(wait * 2, options_.longest_retry);
        if (!told) continue;
        options_ = *std::exchange(next_, std::nullopt);
        wait = options_.first_retry;
    }
}

void pool_process::run_once() {
    {
        const std::lock_guard lock(mutex_);
        said_.clear();
        report_.last_lines.clear();
        report_.warnings.clear();
        report_.progress = 0;
    }
    const auto child = agent::spawn(options_.program, options_.arguments, options_.environment);
    {
        const std::lock_guard lock(mutex_);
        ++report_.starts;
        if (!child) {
            if (next_) return;
            went_down(child.error().message, true);
            return;
        }
        report_.pid = child->pid;
        if (report_.now == process_report::state::up) report_.now = process_report::state::starting;
    }
    spdlog::info("event=pool_started pid={} log={}", child->pid, options_.log.string());
    read_lines(child->output); // until it has closed its output, or is to end
    const auto status = agent::end_child(child->pid); // nothing is left to it without its output
    ::close(child->output);
    ended(agent::exit_code_of(status));
}

void pool_process::read_lines(int output) {
    agent::log_file log(options_.log);
    std::string line;
    for (;;) {
        pollfd ready{output, POLLIN, 0};
        ::poll(&ready, 1, 100);
        if (is_to_end()) return;
        std::array<char, 4096> bytes{};
        const auto got = ::read(output, bytes.data(), bytes.size());
        if (got == 0) return;
        if (got < 0) {
            if (errno != EAGAIN && errno != EINTR) return;
            continue;
        }
        for (const char c : std::string_view(bytes.data(), static_cast<std::size_t>(got))) {
            if (c != '\n') {
                if (line.size() < longest_line) line += c;
                continue;
            }
            if (!line.starts_with(line_progress)) log.write(line + '\n');
            heard(line);
            line.clear();
        }
    }
}

void pool_process::went_down(std::string why, bool by_itself) {
    report_.now = process_report::state::down;
    report_.why = std::move(why);
    report_.by_itself = by_itself;
}

void pool_process::heard(const std::string& line) {
    const std::string_view text(line), progress(line_progress), down(line_down), failed(line_failed), warning(line_warning);
    const std::lock_guard lock(mutex_);
    if (next_) return; // of one that is over
    if (text == line_ready) {
        report_.now = process_report::state::up;
        report_.why.clear();
        report_.by_itself = false;
        report_.progress = 1;
        spdlog::info("event=pool_up pid={}", report_.pid);
    } else if (text.starts_with(progress)) {
        std::from_chars(text.data() + progress.size(), text.data() + text.size(), report_.progress);
    } else if (text.starts_with(warning)) {
        if (report_.warnings.size() == most_warnings) return;
        report_.warnings.push_back(to_valid_utf8(text.substr(warning.size())));
        spdlog::warn("event=pool_warning pid={} why=\"{}\"", report_.pid, report_.warnings.back());
    } else if (text.starts_with(down) || text.starts_with(failed)) {
        if (!said_.empty()) return; // what follows from it
        const bool by_itself = text.starts_with(failed);
        said_ = to_valid_utf8(text.substr(by_itself ? failed.size() : down.size()));
        went_down(said_, by_itself);
    } else if (!line.empty()) {
        report_.last_lines.push_back(to_valid_utf8(cut_utf8(line, 300)));
        if (report_.last_lines.size() > most_last_lines) report_.last_lines.pop_front();
    }
}

void pool_process::ended(int exit_code) {
    const std::lock_guard lock(mutex_);
    report_.pid = -1;
    if (stopping_ || next_) return;
    const auto last = report_.last_lines.empty() ? std::string() : " (" + report_.last_lines.back() + ")";
    if (said_.empty())
        went_down("The process that holds the model ended with code " + std::to_string(exit_code) + last + ".", true);
    spdlog::warn("event=pool_down code={} why=\"{}\"", exit_code, report_.why);
}

} // namespace tw::pooled
