// `tightwad pool-engine`, started by `tightwad serve` alone: holds a model over a pool for that process. It may die at
// any moment, because libllama ends its process when a worker is lost.
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

#include "agent/library_version.hpp"
#include "commands/commands.hpp"
#include "commands/pool_server.hpp"
#include "commands/pool_voice.hpp"
#include "commands/setup.hpp"
#include "commands/signal_watch.hpp"
#include "commands/stop_flag.hpp"
#include "commands/terminal.hpp"
#include "config/paths.hpp"
#include "peer/peer_host.hpp"
#include "peer/peer_link.hpp"
#include "pipeline/nodes.hpp"
#include "pipeline/pool_model.hpp"
#include "pipeline/remote.hpp"
#include "pipeline/served.hpp"
#include "pooled/other_builds.hpp"
#include "pooled/pool_process.hpp"
#include "pooled/worker_ways.hpp"

namespace tw::cli {
namespace {

std::atomic<bool> is_loaded = false, is_lost = false;

// What the process says when libllama aborts it, made beforehand: a signal handler may do little.
std::atomic<const std::string*> last_words = nullptr; // never released

void speak_last_words(int) {
    if (const auto* words = last_words.load())
        [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, words->data(), words->size());
}

// Nothing can be put in order any more: what libllama still holds over there is out of reach. Of a worker that hangs up
// while the model loads the engine may know more, such as the protocol, so it gets a moment to say so.
void lost(const error& why) {
    if (is_lost.exchange(true)) return;
    last_words = new std::string(pooled::line_down + one_line(why.message) + '\n');
    const auto end = [] {
        speak_last_words(0);
        std::_Exit(exit_failure);
    };
    if (is_loaded || why.code != code::cancelled) end();
    std::thread([end] {
        std::this_thread::sleep_for(std::chrono::seconds{1});
        end();
    }).detach();
}

// Of a load: what the engine says of rpc-servers that are not there or not of its protocol is `unavailable`.
fault whose_fault(const error& why) {
    return is_lost || why.code == code::unavailable || why.code == code::timed_out ? fault::of_a_worker : fault::own;
}

// A dump of a process that holds weights would take long to write, and nobody reads it.
void write_no_core_file() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
}

result<std::unique_ptr<peer::peer_host>> open_host(const configuration& config, std::uint16_t port) {
    net::listener_options listen;
    listen.port = port;
    listen.limits = peer::limits_for_frames();
    listen.token = environment("TIGHTWAD_POOL_TOKEN");
    return peer::peer_host::open({.listen = std::move(listen), .mine = hello_of(config.machine() + " (pool)"),
                                  .public_only = !config.server.private_upstreams});
}

int run(const setup& what, const pool_engine_options& options) {
    const auto& config = what.config;
    auto node = resolve(config, what.plugins, options.backend);
    const auto* pool = node.node == nullptr ? nullptr : config.pool(node.node->pool);
    if (pool == nullptr || (node.as_engine == nullptr && pool->server.empty()))
        return give_up("The configuration has no backend \"" + options.backend +
                       "\" over a pool any more; start `tightwad "
                       "serve` anew.",
                       fault::own);
    pipeline_config wanted;
    wanted.target = wanted.name = options.backend;
    wanted.serves = {options.backend};
    for (const auto& one : config.pipelines)
        if (one.name == options.pipeline) wanted = one;

    stop_flag stop;
    const signal_watch signals([&] { stop.raise(); });
    auto led = *node.node;
    led.options_json = options_of(led, options.model);
    const auto placed = with_experts_placed(*pool, led.options_json);
    if (!placed) return give_up(placed.error().message, fault::own);
    const auto ways = pooled::worker_ways::open(*placed, [](const error& why) { lost(why); });
    if (!ways) return give_up(ways.error().message, fault::own);
    led.options_json = ways->options_for(led.options_json);
    std::jthread asking; // peers that are silent must not keep anybody
    const auto is_ready = [&](pid_t holder) {
        say(pooled::line_ready);
        if (options.skip_version_check) return;
        asking = std::jthread([pool, own = agent::ggml_version_of(holder)] {
            for (const auto& warning : pooled::other_builds(*pool, own)) say(pooled::line_warning + one_line(warning));
        });
    };
    if (!pool->server.empty()) {
        const auto held = hold_server(*pool, led.options_json, options.port, stop, is_ready);
        return held ? exit_ok : give_up(held.error().message, is_lost ? fault::of_a_worker : fault::own);
    }
    node.node = &led;
    int shown = -1;
    auto target = load_served_target(node, wanted, what.plugins, [&](float part) {
        if (const int percent = static_cast<int>(std::lround(part * 100)); percent != std::exchange(shown, percent))
            say(pooled::line_progress + std::to_string(percent / 100.0));
        return !stop.is_raised();
    });
    if (!target && stop.is_raised()) return exit_ok;
    if (!target) return give_up(target.error().message, whose_fault(target.error()));
    auto host = open_host(config, options.port);
    if (!host) return give_up(host.error().message, fault::own);
    (*host)->serve(std::move(target->what));
    is_loaded = true;
    is_ready(::getpid());
    stop.wait();
    host->reset();
    return exit_ok;
}

} // namespace

int pool_engine(const global_options& global, const pool_engine_options& options) {
    log_to_stderr("info");
    write_no_core_file();
    std::signal(SIGABRT, speak_last_words);
    ::setpgid(0, 0); // Ctrl-C is for the endpoint, which lets running answers finish
    const auto what = load_setup(global);
    if (!what) return give_up(what.error().empty() ? "The configuration is wrong." : to_string(what.error().front()), fault::own);
    block_stop_signals();
    return run(*what, options);
}

} // namespace tw::cli
