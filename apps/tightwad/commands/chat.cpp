// `tightwad chat`: a conversation on a terminal, or one question from a pipe.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <iterator>

#include <unistd.h>

#include "commands/commands.hpp"
#include "commands/conversation.hpp"
#include "commands/setup.hpp"
#include "commands/terminal.hpp"

namespace tw::cli {
namespace {

std::atomic<bool> pressed = false; // Ctrl-C, since it was last looked at

void catch_interrupt() {
    struct sigaction action {};
    action.sa_handler = [](int) { pressed = true; };
    ::sigaction(SIGINT, &action, nullptr); // without SA_RESTART, so that read() returns
}

// One line of the terminal, which edits it; none at Ctrl-D. Ctrl-C gives an empty one.
std::optional<std::string> read_line() {
    std::string line;
    for (char byte = 0;;) {
        const auto n = ::read(STDIN_FILENO, &byte, 1);
        if (n < 0 && errno == EINTR && pressed.exchange(false)) return std::string();
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return line.empty() ? std::nullopt : std::optional(line);
        if (byte == '\n') return line;
        line.push_back(byte);
    }
}

// A model must not be able to steer the terminal.
void show(std::string_view piece) {
    if (!is_terminal(STDOUT_FILENO)) {
        std::cout << piece << std::flush;
        return;
    }
    for (const char byte : piece)
        if (static_cast<unsigned char>(byte) >= 0x20 || byte == '\n' || byte == '\t') std::cout << byte;
    std::cout.flush();
}

std::string formatted(const char* format, const answer_statistics& of) {
    char text[160];
    std::snprintf(text, sizeof text, format, of.tok_s, of.acceptance, static_cast<long long>(of.tokens),
                  static_cast<long long>(of.drafted), static_cast<long long>(of.accepted));
    return text;
}

int one_question(conversation& talk) {
    std::string question{std::istreambuf_iterator<char>(std::cin), {}};
    while (!question.empty() && (question.back() == '\n' || question.back() == '\r')) question.pop_back();
    if (question.empty()) return complain("There is no question on stdin.", exit_usage);
    const auto figures = talk.ask(question, show, nullptr);
    if (!figures) return complain(figures.error().message, exit_failure);
    std::cout << std::endl;
    std::cerr << formatted("tok_s=%.2f acceptance=%.4f tokens=%lld drafted=%lld accepted=%lld", *figures)
              << std::endl;
    return exit_ok;
}

int many_questions(conversation& talk) {
    catch_interrupt();
    std::cerr << paint(STDERR_FILENO, tint::dim,
                       talk.model() + ". Ctrl-C stops an answer, Ctrl-D ends the chat.")
              << '\n';
    for (;;) {
        std::cerr << paint(STDERR_FILENO, tint::bold, "> ") << std::flush;
        const auto question = read_line();
        if (!question) break;
        if (question->find_first_not_of(" \t") == std::string::npos) {
            std::cerr << '\n';
            continue;
        }
        pressed = false;
        const auto figures = talk.ask(*question, show, [] { return pressed.load(); });
        std::cout << std::endl;
        pressed = false;
        if (figures)
            std::cerr << paint(STDERR_FILENO, tint::dim,
                               formatted("%.1f tokens/s, acceptance %.2f, %lld tokens, %lld drafted, "
                                         "%lld accepted",
                                         *figures) +
                                   (figures->finish_reason == "length" ? ", cut at --max-tokens" : ""))
                      << '\n';
        else if (figures.error().code == code::cancelled)
            std::cerr << paint(STDERR_FILENO, tint::dim, "stopped") << '\n';
        else complain(figures.error().message, exit_failure);
    }
    std::cerr << std::endl;
    return exit_ok;
}

} // namespace

int chat(const global_options& global, const chat_options& options) {
    const auto config = load_config(global);
    if (!config) return report_mistakes(config.error());
    if (const auto missing = missing_pipelines(*config); !missing.empty()) return report_mistakes(missing);
    auto token = read_secret(config->server.token);
    if (!token) return complain(token.error().message, exit_usage);
    conversation talk(*config, options, std::move(*token));
    return is_terminal(STDIN_FILENO) ? many_questions(talk) : one_question(talk);
}

} // namespace tw::cli
