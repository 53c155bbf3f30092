// Starts it, passes its words on, asks for its health, reaps it.
#include "commands/pool_server.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include "agent/spawn.hpp"
#include "base/text.hpp"
#include "commands/http_client.hpp"
#include "commands/pool_voice.hpp"
#include "config/paths.hpp"
#include "pooled/llama_server.hpp"

namespace tw::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_line = 8192, longest_reason = 300;

// The server's output: it goes on into this process's, which is the pool's log, by whole lines, so that what this process
// says is never within one.
class server_words {
  public:
    explicit server_words(int output) : output_(output) {}
    ~server_words() {
        if (!line_.empty()) say(line_);
    }
    server_words(const server_words&) = delete;
    server_words& operator=(const server_words&) = delete;

    // Waits a tenth of a second for more. False when it has closed its output.
    bool pass_on() {
        pollfd ready{output_, POLLIN, 0};
        ::poll(&ready, 1, 100);
        std::array<char, 4096> bytes{};
        const auto got = ::read(output_, bytes.data(), bytes.size());
        if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
        for (const char c : std::string_view(bytes.data(), static_cast<std::size_t>(got))) {
            if (c != '\n' && line_.size() < longest_line) {
                line_ += c;
                continue;
            }
            say(line_);
            if (!line_.empty()) last_ = std::exchange(line_, c == '\n' ? std::string() : std::string(1, c));
        }
        return true;
    }
    [[nodiscard]] std::string last() const { return to_valid_utf8(cut_utf8(line_.empty() ? last_ : line_, longest_reason)); }

  private:
    int output_;
    std::string line_, last_;
};

bool answers(std::uint16_t port) {
    server_config there;
    there.port = port;
    const auto health = fetch(there, {.method = "GET", .path = "/health", .body = {}, .token = {}, .patience = 1s});
    return health && health->status == 200;
}

} // namespace

result<void> hold_server(const pool_config& pool, const std::string& options_json, std::uint16_t port, const stop_flag& stop,
                         const std::function<void(pid_t)>& ready) {
    const auto arguments = pooled::llama_server_arguments(options_json, pool, port);
    if (!arguments) return arguments.error();
    auto variables = pool.server_env;
    variables.push_back("LLAMA_API_KEY=" + environment("TIGHTWAD_POOL_TOKEN"));
    const auto child = agent::spawn(pool.server, *arguments, variables);
    if (!child) return child.error();
    server_words words(child->output);
    bool is_ready = false, runs = true;
    while (!stop.is_raised() && (runs = words.pass_on()))
        if (!is_ready && answers(port)) {
            is_ready = true;
            ready(child->pid);
        }
    const auto ended_with = agent::exit_code_of(agent::end_child(child->pid));
    ::close(child->output);
    if (!runs)
        return fail(code::unavailable, "The llama-server " + pool.server.string() + " of the pool \"" + pool.name +
                                           "\" ended with code " + std::to_string(ended_with) + " (" + words.last() + ").");
    return {};
}

} // namespace tw::cli
