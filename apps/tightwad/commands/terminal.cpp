// stdout and stderr.
#include "commands/terminal.hpp"

#include <algorithm>
#include <iostream>

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "base/text.hpp"
#include "config/paths.hpp"

namespace tw::cli {
namespace {

const char* sequence(tint colour) {
    switch (colour) {
    case tint::bold: return "\033[1m";
    case tint::dim: return "\033[2m";
    case tint::red: return "\033[31m";
    case tint::green: return "\033[32m";
    case tint::yellow: return "\033[33m";
    case tint::plain: break;
    }
    return "";
}

} // namespace

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

std::string paint(int fd, tint colour, std::string_view text) {
    const bool wanted = is_terminal(fd) && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
    if (!wanted || colour == tint::plain) return std::string(text);
    return sequence(colour) + std::string(text) + "\033[0m";
}

int complain(std::string_view sentence, int exit_code) {
    std::cerr << paint(STDERR_FILENO, tint::red, "error:") << ' ' << sentence << std::endl;
    return exit_code;
}

void log_to_stderr(const char* usual_level) {
    spdlog::set_default_logger(spdlog::stderr_color_mt("tightwad"));
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
    const auto level = environment("TIGHTWAD_LOG");
    spdlog::set_level(spdlog::level::from_str(level.empty() ? usual_level : level));
}

void log_to_file(const std::string& name) {
    constexpr std::size_t most_bytes = 10'000'000;
    try {
        const auto file = state_folder() / "logs" / (name + ".log");
        auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(file.string(), most_bytes, 1);
        sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
        spdlog::default_logger()->sinks().push_back(std::move(sink));
        spdlog::flush_on(spdlog::level::info);
    } catch (const spdlog::spdlog_ex& failed) {
        spdlog::warn("event=no_log_file reason=\"{}\"", failed.what());
    }
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], count_code_points(row[i]));
    }
    for (std::size_t r = 0; r < rows.size(); ++r) {
        std::string line;
        for (std::size_t i = 0; i < rows[r].size(); ++i) {
            line += rows[r][i];
            if (i + 1 < rows[r].size()) line.append(widths[i] - count_code_points(rows[r][i]) + 2, ' ');
        }
        std::cout << (r == 0 ? paint(STDOUT_FILENO, tint::bold, line) : line) << '\n';
    }
    std::cout.flush();
}

void progress_line::show(float part) {
    const int percent = static_cast<int>(std::clamp(part, 0.0F, 1.0F) * 100);
    if (is_terminal(STDERR_FILENO)) {
        if (percent == shown_percent_) return;
        shown_percent_ = percent;
        constexpr std::size_t columns = 24;
        const auto full = columns * static_cast<std::size_t>(percent) / 100;
        std::cerr << "\r\033[K" << what_ << " [" << std::string(full, '#') << std::string(columns - full, '.') << "] "
                  << percent << " %" << std::flush;
    } else if (shown_percent_ < 0 || percent / 10 > shown_percent_ / 10) {
        shown_percent_ = percent;
        spdlog::info("event=progress what=\"{}\" percent={}", what_, percent);
    }
}

void progress_line::clear() {
    if (is_terminal(STDERR_FILENO)) std::cerr << "\r\033[K" << std::flush;
}

} // namespace tw::cli
