// `tightwad serve`: binds, loads the models while /health already answers, serves until a signal.
#include <atomic>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "commands/commands.hpp"
#include "commands/descriptors.hpp"
#include "commands/model_choice.hpp"
#include "commands/own_command.hpp"
#include "commands/pid_file.hpp"
#include "commands/setup.hpp"
#include "commands/signal_watch.hpp"
#include "commands/status_json.hpp"
#include "commands/terminal.hpp"
#include "front/server.hpp"
#include "pipeline/build.hpp"
#include "pipeline/check.hpp"

namespace tw::cli {
namespace {

result<front::server_options> front_options(const configuration& config) {
    const auto& server = config.server;
    front::server_options options;
    options.host = server.host;
    options.port = server.port;
    if (server.token) {
        auto token = read_secret(*server.token);
        if (!token) return token.error();
        options.token = std::move(*token);
    }
    options.cors_origins = server.cors_origins;
    options.max_body_bytes = server.max_body_bytes;
    options.max_tokens_limit = server.max_tokens_limit;
    options.drain_timeout = server.drain_timeout;
    for (const auto& pipeline : config.pipelines)
        options.model_ids.insert(options.model_ids.end(), pipeline.serves.begin(), pipeline.serves.end());
    return options;
}

void announce(const std::vector<std::shared_ptr<pipeline>>& pipelines, const std::string& url) {
    std::cout << "Tightwad " TIGHTWAD_VERSION " serves " << url << "/v1\n";
    for (const auto& one : pipelines) {
        const auto status = one->status();
        std::string names;
        for (const auto& name : one->serves()) names += (names.empty() ? "" : ", ") + name;
        std::cout << "  " << names;
        const auto& target = part(status, "target");
        if (const auto model = text(target, "model"); !model.empty()) std::cout << ": target " << model;
        const auto drafter = text(part(status, "draft"), "model");
        const auto why_not = text(part(status, "speculation"), "why_not");
        if (status.contains("load")) std::cout << ": loaded on demand";
        if (!drafter.empty()) std::cout << ", draft " << drafter;
        else if (!why_not.empty()) std::cout << ", no draft (" << why_not << ")";
        if (const auto exactness = text(target, "exactness"); !exactness.empty()) {
            std::cout << ", exactness " << exactness;
            char price[32] = "";
            if (const auto& cost = part(target, "exactness_cost"); cost.is_number())
                std::snprintf(price, sizeof price, " (cost %.2f)", cost.get<double>());
            std::cout << price;
        }
        if (const auto mode = text(part(part(status, "speculation"), "consensus"), "mode"); !mode.empty())
            std::cout << ", approximate: drafts that agree are not judged (" << mode << ")";
        std::cout << '\n';
    }
    std::cout.flush();
}

// Tells `tightwad start` that the models are there, and that nobody need listen any more.
void let_go_of_streams() {
    std::cout << start_line_ready << std::endl;
    const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
    ::close(nowhere);
}

// Loads the models on its own thread, so that the endpoint can say how far it is.
class loader {
  public:
    loader(const setup& what, own_command launch, front::server& front, const serve_options& options)
        : launch_(std::move(launch)), thread_([this, &what, &front, options] { work(what, front, options); }) {}
    ~loader() {
        give_up();
        thread_.join();
    }
    loader(const loader&) = delete;
    loader& operator=(const loader&) = delete;

    void give_up() { stopping_ = true; }
    [[nodiscard]] std::optional<error> failure() const {
        const std::lock_guard lock(mutex_);
        return failure_;
    }

  private:
    void work(const setup& what, front::server& front, const serve_options& options) {
        progress_line line("loading models");
        auto built = build_pipelines(what.config, what.plugins, [&](float part) {
            line.show(part);
            front.set_progress(part);
            return !stopping_;
        }, launch_);
        line.clear();
        if (stopping_) return;
        if (built) {
            announce(*built, what.config.server.url());
            front.set_ready(std::move(*built));
            if (options.started) let_go_of_streams();
            return;
        }
        {
            const std::lock_guard lock(mutex_);
            failure_ = built.error();
        }
        front.stop();
    }

    const own_command launch_;
    std::atomic<bool> stopping_ = false;
    mutable std::mutex mutex_;
    std::optional<error> failure_;
    std::thread thread_; // last: it uses the others
};

int run(const setup& what, own_command launch, front::server& front, const serve_options& options) {
    const auto url = what.config.server.url();
    const auto mark = pid_file::write(what.config.server.port, url);
    if (!mark) return complain(mark.error().message, exit_failure);
    loader models(what, std::move(launch), front, options);
    const signal_watch signals([&] {
        spdlog::info("event=stopping url={} drain_s={}", url, what.config.server.drain_timeout.count());
        models.give_up();
        front.stop();
    });
    front.run();
    if (const auto failure = models.failure()) return complain(failure->message, exit_failure);
    spdlog::info("event=stopped url={}", url);
    return exit_ok;
}

} // namespace

int serve(const global_options& global, const serve_options& options) {
    log_to_stderr("info");
    auto what = load_setup(global);
    if (!what) return report_mistakes(what.error());
    if (!options.model.empty())
        if (const auto chosen = choose_model(what->config, options.model); !chosen) return complain(chosen.error().message, exit_usage);
    if (const auto missing = missing_pipelines(what->config); !missing.empty()) return report_mistakes(missing);
    block_stop_signals();
    allow_many_descriptors();
    if (const auto mistakes = check_pipelines(what->config, what->plugins); !mistakes.empty())
        return report_mistakes(mistakes);
    const auto& server = what->config.server;
    if (const auto refusal = already_serving(server.port)) return complain(*refusal, exit_failure);
    log_to_file("proxy");
    for (const auto& remark : environment_remarks(what->config))
        spdlog::warn("event=not_used variable={} why=\"{}\"", remark.at.file, remark.message);
    auto listening = front_options(what->config);
    if (!listening) return complain(listening.error().message, exit_usage);
    const auto front = front::server::listen(std::move(*listening));
    if (!front) {
        const bool configured_wrong =
            front.error().code == code::invalid_argument || front.error().code == code::denied;
        return complain(front.error().message, configured_wrong ? exit_usage : exit_failure);
    }
    spdlog::info("event=listening url={} config={}", server.url(), what->config.path.string());
    auto launch = command_of("pool-engine", global, what->config);
    if (options.skip_version_check) launch.arguments.emplace_back("--skip-version-check");
    return run(*what, std::move(launch), **front, options);
}

} // namespace tw::cli
