// A port, a token, a process, a link.
#include "pipeline/pool.hpp"

#include <cstdint>
#include <random>
#include <utility>

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "agent/rocm.hpp"
#include "bridge/backend.hpp"
#include "bridge/interfaces.hpp"
#include "config/paths.hpp"
#include "net/free_port.hpp"
#include "service/plugin_host.hpp"

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

// What is the same for every model, and then which one.
class process_maker {
  public:
    process_maker(const pipeline_config& wanted, const node_config& target, const own_command& launch,
                  std::shared_ptr<const net::kept_port> port, const std::string& token) {
        base_.program = launch.program;
        base_.arguments = launch.arguments;
        for (const auto& word : {std::string("--pipeline"), wanted.name, std::string("--port"), std::to_string(port->number())})
            base_.arguments.push_back(word);
        // llama.cpp's own report of a crash would start a debugger.
        base_.environment = {"TIGHTWAD_POOL_TOKEN=" + token, "GGML_NO_BACKTRACE=1"};
        for (auto& each : agent::rocm_presets(agent::rocm_devices())) base_.environment.push_back(std::move(each));
        base_.log = state_folder() / "logs" / ("pool-" + target.name + ".log");
        base_.port = std::move(port);
    }

    pooled::process_options operator()(const pool_model& model) const {
        auto out = base_;
        out.arguments.insert(out.arguments.end(), {"--backend", model.backend});
        if (!model.file.empty()) out.arguments.insert(out.arguments.end(), {"--model", model.file});
        return out;
    }

  private:
    pooled::process_options base_;
};

error died(const pooled::process_report& report, const std::string& pool) {
    auto said = "The model is not loaded over the pool \"" + pool + "\": " + report.why;
    if (!report.last_lines.empty()) said += " The last lines of its log:";
    for (const auto& line : report.last_lines) said += "\n    " + line;
    return fail(code::unavailable, std::move(said));
}

result<void> wait_for(const pooled::pool_process& process, const std::function<bool()>& reached, const std::string& pool,
                      const std::function<bool(float)>& progress) {
    const auto report = wait_for_model(process, reached, progress);
    if (!report) return fail(code::cancelled, "The load of the model over the pool \"" + pool + "\" was given up.");
    if (report->now != state::down) return {};
    if (report->by_itself) return died(*report, pool);
    spdlog::warn("event=pool_not_ready pool={} why=\"{}\"", pool, report->why); // it waits for a worker
    return {};
}

// A port for the process that is to hold the model.
result<std::shared_ptr<const net::kept_port>> prepare(const node_config& target, const pool_config& pool,
                                                      const own_command& launch) {
    if (launch.program.empty())
        return fail(code::unsupported, "The backend \"" + target.name + "\" lies over the pool \"" + pool.name +
                                           "\", and this command cannot start the process that holds it; use "
                                           "`tightwad serve`.");
    auto port = net::kept_port::find();
    if (!port) return fail(port.error().code, "The pool \"" + pool.name + "\" has no port: " + port.error().message);
    spdlog::info("event=pool pool={} backend={} workers={} held_by={} output_layer={}", pool.name, target.name,
                 pool.workers.size(), pool.server.empty() ? "tightwad" : pool.server.string(),
                 pool.server.empty() ? pool.output : "as the server has it");
    return std::make_shared<const net::kept_port>(std::move(*port));
}

// For the plugin, which reads its key from a file of this user's alone.
result<secret_ref> keep_key(const std::string& backend, const std::string& token) {
    const auto path = state_folder() / ("pool-" + backend + ".key");
    std::error_code ignored;
    std::filesystem::create_directories(path.parent_path(), ignored);
    std::filesystem::remove(path, ignored);
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const bool written = file >= 0 && ::write(file, token.data(), token.size()) == static_cast<ssize_t>(token.size());
    if (file >= 0) ::close(file);
    if (!written) return fail(code::unavailable, path.string() + ", the key of a pool's server, cannot be written.");
    return secret_ref{secret_ref::kind::file, path.string()};
}

} // namespace

result<std::shared_ptr<pool_pipeline>>
pooled_target(const pipeline_config& wanted, const node_config& target, const configuration& config,
              const registry& plugins, const own_command& launch, peer::peer_links& links, const lent_drafters& drafts,
              const std::function<bool(float)>& progress) {
    const auto& pool = *config.pool(target.pool);
    const auto port = prepare(target, pool, launch);
    if (!port) return port.error();
    net::connection_options to;
    to.peer = {"127.0.0.1", (*port)->number(), false};
    to.token = random_token();
    to.limits = peer::limits_for_frames();
    to.longest_retry = std::chrono::seconds{1};
    const process_maker make(wanted, target, launch, *port, to.token);
    const pool_model model{target.name, target.name, target.model_file};
    auto process = std::make_unique<pooled::pool_process>(make(model));
    auto link = links.get(std::move(to));
    if (!link) return link.error();
    auto as_peer = target;
    as_peer.peer = peer_ref{(*link)->url(), {}, {}, {}}; // the only one there, whatever model that is
    auto far = remote_target(wanted, as_peer, std::move(*link), drafts);
    if (!far) return far.error();
    pool_parts parts{{config, plugins, pool, model, make, std::move(process)}, std::move(*far)};
    for (const auto& each : drafts.all) parts.drafters.push_back(each.what);
    auto made = std::make_shared<pool_pipeline>(std::move(parts));
    const auto waited = wait_for(made->process(), [&] { return made->is_up(); }, pool.name, progress);
    if (!waited) return waited.error();
    return made;
}

result<std::shared_ptr<server_pool>>
server_over_pool(const pipeline_config& wanted, const resolved_node& target, const configuration& config,
                 const registry& plugins, const own_command& launch, const std::function<bool(float)>& progress) {
    const auto& pool = *config.pool(target.node->pool);
    const auto port = prepare(*target.node, pool, launch);
    if (!port) return port.error();
    const auto token = random_token();
    const auto key = keep_key(target.node->name, token);
    if (!key) return key.error();
    auto host = std::make_unique<plugin_host>(target.code->id, std::map<std::string, secret_ref>{{"api_key", *key}});
    auto made = backend::create(*target.as_backend, target.code->id, std::move(host),
                                R"({"url":"http://127.0.0.1:)" + std::to_string((*port)->number()) + "\"}");
    if (!made) return made.error();
    if (const auto* questions = find_question_api(*target.code)) (*made)->with_questions(*questions);
    if (const auto* passing = find_pass_api(*target.code)) (*made)->with_pass(*passing);
    plain_target_info info{target.node->name, target.code->id, "The llama-server of [pool." + pool.name + "] hands out text, "
                           "not logits, so no draft can be verified. To speculate, remove server from that pool.", true};
    const process_maker make(wanted, *target.node, launch, *port, token);
    const pool_model model{target.node->name, target.node->name, target.node->model_file};
    const auto out = std::make_shared<server_pool>(server_pool_parts{
        {config, plugins, pool, model, make, std::make_unique<pooled::pool_process>(make(model))},
        std::make_unique<backend_pipeline>(wanted.name, wanted.serves, std::move(info), std::move(*made))});
    const auto waited = wait_for(out->process(), [] { return true; }, pool.name, progress);
    if (!waited) return waited.error();
    return out;
}

} // namespace tw
