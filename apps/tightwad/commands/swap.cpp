// `tightwad swap MODEL`: asks the running endpoint for another model, and waits until it is known what became of it.
#include <chrono>
#include <filesystem>
#include <iostream>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "commands/commands.hpp"
#include "commands/http_client.hpp"
#include "commands/setup.hpp"
#include "commands/status_json.hpp"
#include "commands/terminal.hpp"

namespace tw::cli {
namespace {

using nlohmann::json;

// The only pipeline over a pool, where none is named. Whether it can change its model the endpoint knows.
result<std::string> choose(const configuration& config, const std::string& named) {
    if (!named.empty()) return named;
    std::vector<std::string> found;
    std::string list;
    for (const auto& one : config.pipelines)
        if (config.is_pooled(one)) {
            found.push_back(one.name);
            list += (list.empty() ? "" : ", ") + one.name;
        }
    if (found.size() == 1) return found.front();
    if (found.empty())
        return fail(code::unsupported, "No pipeline of " + config.path.string() +
                                           " lies over a pool, and only such a one can change its model while the endpoint "
                                           "runs. Change the configuration, then `tightwad stop` and `tightwad start`.");
    return fail(code::invalid_argument, "Several pipelines lie over a pool; say which by --pipeline: " + list + ".");
}

// A file that is meant by its place is meant from this folder, not from the endpoint's.
std::string as_the_endpoint_finds_it(const std::string& model, const configuration& config) {
    std::error_code none;
    if (config.node(model) != nullptr || !std::filesystem::is_regular_file(model, none)) return model;
    return std::filesystem::absolute(model, none).string();
}

// What the endpoint's status says of a pipeline. A type of its own, since JSON can be made of an error as well.
struct seen {
    json of;
};

result<seen> look(const configuration& config, http_request request, const std::string& pipeline) {
    request.method = "GET";
    request.path = "/v1/tightwad/status";
    request.body.clear();
    const auto answer = fetch(config.server, request);
    if (!answer) return answer.error();
    const auto status = json::parse(answer->body, nullptr, false);
    for (const auto& one : part(status, "pipelines"))
        if (text(one, "name") == pipeline) return seen{one};
    return fail(code::unavailable, "The endpoint at " + config.server.url() + " does not serve \"" + pipeline + "\" any more.");
}

// Until the swap that was begun last is over; the pipeline's state then.
result<seen> wait_for_end(const configuration& config, const http_request& request, const std::string& pipeline,
                          const std::string& model) {
    progress_line checking("looking at " + model), finishing("finishing the running answers"), loading("loading " + model),
        returning("going back to the model before");
    progress_line* shown = nullptr;
    for (;;) {
        auto now = look(config, request, pipeline);
        if (!now) return now.error();
        const auto& pool = part(now->of, "pool");
        const auto state = text(part(pool, "swap"), "state");
        if (state.empty() || state == "done" || state == "failed") {
            if (shown != nullptr) shown->clear();
            return now;
        }
        auto& line = state == "checking"    ? checking
                     : state == "finishing" ? finishing
                     : state == "loading"   ? loading
                                            : returning;
        if (shown != nullptr && shown != &line) shown->clear();
        shown = &line;
        const auto& progress = part(pool, "progress");
        const bool loads = shown == &loading || shown == &returning;
        line.show(loads && progress.is_number() ? progress.get<float>() : 0);
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
}

void print(const json& status, const std::string& pipeline) {
    const auto& target = part(status, "target");
    const auto& pool = part(status, "pool");
    std::cout << "The pipeline " << pipeline << " (" << joined(part(status, "serves")) << ") now answers from "
              << text(part(pool, "model"), "name");
    if (const auto server = text(pool, "server"); !server.empty()) {
        std::cout << ", held by " << server << '.' << std::endl;
        return;
    }
    std::cout << ", on " << text(target, "device") << ", context " << part(target, "context") << '.' << std::endl;
    if (const auto why = text(part(status, "speculation"), "why_not"); !why.empty()) std::cout << why << std::endl;
}

} // namespace

int swap_model(const global_options& global, const swap_options& options) {
    log_to_stderr(options.json ? "warning" : "info");
    const auto config = load_config(global);
    if (!config) return report_mistakes(config.error());
    const auto pipeline = choose(*config, options.pipeline);
    if (!pipeline) return complain(pipeline.error().message, exit_usage);
    http_request request{.method = "POST", .path = "/v1/tightwad/swap", .body = {}, .token = {}};
    const auto model = to_valid_utf8(as_the_endpoint_finds_it(options.model, *config));
    request.body = json{{"pipeline", *pipeline}, {"model", model}}.dump();
    auto token = read_secret(config->server.token);
    if (!token) return complain(token.error().message, exit_usage);
    request.token = std::move(*token);
    const auto begun = fetch(config->server, request);
    if (!begun) return complain(begun.error().message, exit_failure);
    if (begun->status != 202) return complain(refusal_sentence(*begun), exit_failure);
    const auto then = wait_for_end(*config, request, *pipeline, options.model);
    if (!then) return complain(then.error().message, exit_failure);
    const auto& status = then->of;
    const auto& swap = part(part(status, "pool"), "swap");
    if (text(swap, "model") != model)
        return complain("Another swap has begun since, to \"" + text(swap, "model") + "\"; `tightwad status --json` says more.",
                        exit_failure);
    const bool done = text(swap, "state") == "done";
    if (options.json) {
        const nlohmann::ordered_json out{{"pipeline", *pipeline},
                                         {"swap", swap},
                                         {"model", part(part(status, "pool"), "model")},
                                         {"why_no_draft", part(part(status, "speculation"), "why_not")}};
        std::cout << out.dump(2, ' ', false, json::error_handler_t::replace) << std::endl;
        return done ? exit_ok : exit_failure;
    }
    if (done) {
        print(status, *pipeline);
        return exit_ok;
    }
    for (const auto& line : part(swap, "last_lines"))
        if (line.is_string()) std::cerr << "  " << line.get<std::string>() << '\n';
    return complain(text(swap, "why"), exit_failure);
}

} // namespace tw::cli
