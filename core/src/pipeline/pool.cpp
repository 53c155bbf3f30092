// A port, a token, a process, a link.
#include "pipeline/pool.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <thread>
#include <utility>

#include <spdlog/spdlog.h>

#include "config/paths.hpp"
#include "net/free_port.hpp"

namespace tw {
namespace {

using state = pooled::process_report::state;

std::string random_token() {
    constexpr auto digits = "0123456789abcdef";
    std::random_device dice;
    std::string out;
    for (int i = 0; i < 64; ++i) out += digits[dice() % 16];
    return out;
}

void warn(const pool_config& pool) {
    for (const auto& each : pool.workers)
        if (!each.peer && !is_loopback(each.host))
            spdlog::warn(
                "event=insecure_worker pool={} worker={} risk=\"its rpc-server believes whoever reaches the port, "
                "who can then read and write that machine's memory; what you ask and its answers cross the "
                "network readable\"",
                pool.name, each.name);
}

std::unique_ptr<pooled::pool_process> launch_process(const pipeline_config& wanted, const node_config& target,
                                                   const own_command& launch, std::uint16_t port,
                                                   const std::string& token) {
    pooled::process_options out;
    out.program = launch.program;
    out.arguments = launch.arguments;
    for (const auto& word : {std::string("--pipeline"), wanted.name, std::string("--backend"), target.name,
                             std::string("--port"), std::to_string(port)})
        out.arguments.push_back(word);
    // llama.cpp's own report of a crash would start a debugger.
    out.environment = {"TIGHTWAD_POOL_TOKEN=" + token, "GGML_NO_BACKTRACE=1"};
    out.log = state_folder() / "logs" / ("pool-" + target.name + ".log");
    return std::make_unique<pooled::pool_process>(std::move(out));
}

result<void> wait_for(const pool_pipeline& made, const std::string& pool, const std::function<bool(float)>& progress) {
    for (;;) {
        const auto report = made.report();
        if (!progress(std::min(report.progress, 0.99F)))
            return fail(code::cancelled, "The load of the model over the pool \"" + pool + "\" was given up.");
        if (report.now == state::up && made.is_up()) return {};
        if (report.now == state::down) {
            spdlog::warn("event=pool_not_ready pool={} why=\"{}\"", pool, report.why);
            return {};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
}

} // namespace

result<std::shared_ptr<pool_pipeline>>
pooled_target(const pipeline_config& wanted, const node_config& target, const configuration& config,
              const own_command& launch, peer::peer_links& links, const lent_drafters& drafts,
              const std::function<bool(float)>& progress) {
    const auto& pool = *config.pool(target.pool);
    if (launch.program.empty())
        return fail(code::unsupported, "The backend \"" + target.name + "\" lies over the pool \"" + pool.name +
                                           "\", and this command cannot start the process that holds it; use "
                                           "`tightwad serve`.");
    const auto port = net::free_port();
    if (port == 0)
        return fail(code::unavailable, "There is no free port on 127.0.0.1 for the pool \"" + pool.name + "\".");
    warn(pool);
    spdlog::info("event=pool pool={} backend={} workers={} output_layer={}", pool.name, target.name, pool.workers.size(),
                 pool.output);
    net::connection_options to;
    to.peer = {"127.0.0.1", port, false};
    to.token = random_token();
    to.limits = peer::limits_for_frames();
    to.longest_retry = std::chrono::seconds{1};
    auto process = launch_process(wanted, target, launch, port, to.token);
    auto link = links.get(std::move(to));
    if (!link) return link.error();
    auto as_peer = target;
    as_peer.peer = peer_ref{(*link)->url(), target.name, {}, {}};
    auto far = remote_target(wanted, as_peer, std::move(*link), drafts);
    if (!far) return far.error();
    auto made = std::make_shared<pool_pipeline>(pool, std::move(process), std::move(*far));
    const auto waited = wait_for(*made, pool.name, progress);
    if (!waited) return waited.error();
    return made;
}

} // namespace tw
