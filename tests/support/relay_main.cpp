// A worse network between two programs: tw_relay --listen HOST:PORT --to HOST:PORT [--delay-ms 20] … until SIGTERM.
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <boost/system/system_error.hpp>

#include "support/relay.hpp"

namespace {

/// "10.0.0.1:9191", "[::1]:9191".
std::pair<std::string, std::uint16_t> address_of(const std::string& text) {
    const auto colon = text.rfind(':');
    std::uint16_t port = 0;
    if (colon != std::string::npos) {
        const auto* end = text.data() + text.size();
        const auto [rest, failed] = std::from_chars(text.data() + colon + 1, end, port);
        if (failed == std::errc{} && rest == end) {
            auto host = text.substr(0, colon);
            if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
            return {host, port};
        }
    }
    throw std::runtime_error("\"" + text + "\" is not ADDRESS:PORT with a numeric address.");
}

std::chrono::microseconds from_ms(double ms) { return std::chrono::microseconds(static_cast<long>(ms * 1000)); }

} // namespace

int main(int count, char** words) {
    CLI::App app{"A TCP relay with delay, jitter, a rate limit and cuts. Says on SIGUSR1 and at its end, SIGTERM, what passed."};
    std::string listen, to;
    double delay_ms = 0, jitter_ms = 0, cut_every = 0;
    std::size_t rate = 0;
    app.add_option("--listen", listen, "ADDRESS:PORT; port 0 = any free one, printed")->required();
    app.add_option("--to", to, "ADDRESS:PORT of the program behind it")->required();
    app.add_option("--delay-ms", delay_ms, "one way, both ways")->check(CLI::Range(0.0, 60000.0));
    app.add_option("--jitter-ms", jitter_ms, "up to so much more, at random")->check(CLI::Range(0.0, 60000.0));
    app.add_option("--rate", rate, "bytes per second, each way; 0 = no limit");
    app.add_option("--cut-every", cut_every, "seconds after which all connections are reset; 0 = never")
        ->check(CLI::Range(0.0, 86400.0));
    CLI11_PARSE(app, count, words);

    // Blocked before the relay's thread starts, which inherits it.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    try {
        const auto [near, port] = address_of(listen);
        const auto [far, target] = address_of(to);
        tw::test::relay relay({.listen_address = near, .port = port, .target_address = far, .target = target},
                              {.delay = from_ms(delay_ms), .jitter = from_ms(jitter_ms), .bytes_per_second = rate});
        std::printf("listening on port %u\n", unsigned{relay.port()});
        std::fflush(stdout);
        const auto seconds = static_cast<std::time_t>(cut_every);
        const timespec period{seconds, static_cast<long>((cut_every - static_cast<double>(seconds)) * 1e9)};
        for (;;) {
            const int got = cut_every > 0 ? sigtimedwait(&signals, nullptr, &period) : sigwaitinfo(&signals, nullptr);
            if (got < 0) {
                if (errno == EAGAIN) relay.cut();
                continue;
            }
            std::printf("forwarded %zu bytes\n", relay.forwarded());
            std::fflush(stdout);
            if (got != SIGUSR1) break;
        }
    } catch (const boost::system::system_error& failure) {
        std::fprintf(stderr, "tw_relay: Listening on %s for %s fails: %s.\n", listen.c_str(), to.c_str(),
                     failure.code().message().c_str());
        return 1;
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "tw_relay: %s\n", failure.what());
        return 1;
    }
    return 0;
}
