// `tightwad status`: what the running endpoint says of itself.
#include <cstdio>
#include <iostream>

#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/http_client.hpp"
#include "commands/pid_file.hpp"
#include "commands/pool_status.hpp"
#include "commands/setup.hpp"
#include "commands/status_json.hpp"
#include "commands/terminal.hpp"

namespace tw::cli {
namespace {

using nlohmann::json;

// "-" where there is none.
std::string number(const json& object, const char* key, const char* format = "%.0f") {
    const auto& found = part(object, key);
    if (!found.is_number()) return "-";
    char text[64];
    std::snprintf(text, sizeof text, format, found.get<double>());
    return text;
}

// Slots and figures of a target that another process holds are that one's.
const json& figures(const json& pipeline, const char* key) {
    const auto& own = part(pipeline, key);
    return own.is_object() ? own : part(part(part(pipeline, "remote"), "pipeline"), key);
}

// The class of the target's bits, or that its drafters have a say in its answers.
std::string claim(const json& pipeline, const std::string& exactness) {
    const auto mode = text(part(part(pipeline, "speculation"), "consensus"), "mode");
    if (!mode.empty()) return "approximate (" + mode + ")";
    return exactness.empty() ? "unprobed" : exactness;
}

void print(const json& status, const server_config& server) {
    const auto process = find_serving(server.port);
    const auto& front = part(status, "server");
    std::cout << "Tightwad " << text(front, "version") << " at " << server.url()
              << (process ? ", pid " + std::to_string(process->pid) : "") << ", up "
              << number(front, "uptime_s") << " s, " << number(front, "requests") << " requests, "
              << number(front, "running_answers") << " answers running\n\n";
    std::vector<std::vector<std::string>> rows{{"PIPELINE", "SERVES", "TARGET", "DRAFT", "EXACTNESS", "SLOTS",
                                                "QUEUED", "DRAFTED", "ACCEPTED", "TOKENS/ROUND"}};
    for (const auto& one : part(status, "pipelines")) {
        const auto& slots = figures(one, "slots");
        const auto& stats = figures(one, "stats");
        const auto drafter = text(part(one, "draft"), "model");
        const auto exactness = text(part(one, "target"), "exactness");
        const auto model = text(part(one, "target"), "model");
        rows.push_back({text(one, "name"), joined(part(one, "serves")), model.empty() ? text(part(one, "load"), "state") : model,
                        drafter.empty() ? "none" : drafter, claim(one, exactness),
                        number(slots, "active") + "/" + number(slots, "total"), number(slots, "queued"),
                        number(stats, "drafted"), number(stats, "accepted"),
                        number(stats, "tokens_per_round", "%.2f")});
    }
    if (rows.size() == 1) std::cout << "The models are still loading." << std::endl;
    else print_table(rows);
    for (const auto& one : part(status, "pipelines")) std::cout << pool_text(one);
    std::cout.flush();
}

} // namespace

int proxy_status(const global_options& global, bool as_json) {
    const auto config = load_config(global);
    if (!config) return report_mistakes(config.error());
    http_request request;
    request.path = "/v1/tightwad/status";
    auto token = read_secret(config->server.token);
    if (!token) return complain(token.error().message, exit_usage);
    request.token = std::move(*token);
    const auto answer = fetch(config->server, request);
    if (!answer) return complain(answer.error().message, exit_failure);
    if (answer->status != 200) return complain(refusal_sentence(*answer), exit_failure);
    const auto status = json::parse(answer->body, nullptr, false);
    if (!status.is_object())
        return complain("What answers at " + config->server.url() + " is not Tightwad.", exit_failure);
    if (as_json) std::cout << status.dump(2) << std::endl;
    else print(status, config->server);
    return exit_ok;
}

} // namespace tw::cli
