// `tightwad peer status`: what the peer of this machine says of itself.
#include <cstdio>
#include <iostream>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "commands/commands.hpp"
#include "commands/http_client.hpp"
#include "commands/peer_setup.hpp"
#include "commands/pid_file.hpp"
#include "commands/status_json.hpp"
#include "commands/terminal.hpp"
#include "config/units.hpp"

namespace tw::cli {
namespace {

using nlohmann::json;

double number(const json& object, const char* key) {
    return object.is_object() && object.contains(key) && object[key].is_number() ? object[key].get<double>() : 0;
}

std::string whole(double value) {
    char out[32];
    std::snprintf(out, sizeof out, "%.0f", value);
    return out;
}

std::string load_of(const json& averages) {
    std::string out;
    for (const auto& one : averages) {
        char text[32];
        std::snprintf(text, sizeof text, "%.2f", one.is_number() ? one.get<double>() : 0.0);
        out += (out.empty() ? "" : ", ") + std::string(text);
    }
    return out;
}

void print_engines(const json& engines) {
    if (engines.empty()) {
        std::cout << "\nIt serves no engines.\n";
        return;
    }
    std::vector<std::vector<std::string>> rows{{"ENGINE", "MODEL", "DRAFTS", "DECIDES", "EXACTNESS"}};
    for (const auto& one : engines)
        rows.push_back({text(one, "name"), text(one, "model"), one.value("drafter", false) ? "yes" : "no",
                        one.value("target", false) ? "yes" : "no",
                        text(one, "exactness").empty() ? "unprobed" : text(one, "exactness")});
    std::cout << std::endl;
    print_table(rows);
}

void print_gpus(const json& found) {
    for (const auto& one : part(found, "gpus")) {
        std::cout << "GPU: " << text(one, "vendor") << ' ' << text(one, "name");
        if (number(one, "memory_bytes") > 0)
            std::cout << ", " << human_bytes(number(one, "memory_used_bytes")) << " of "
                      << human_bytes(number(one, "memory_bytes")) << " used";
        std::cout << '\n';
    }
    if (const auto note = text(found, "note"); !note.empty()) std::cout << "GPU: " << note << '\n';
}

void print_rpc(const json& servers) {
    if (servers.empty()) return;
    std::vector<std::vector<std::string>> rows{{"RPC-SERVER", "PID", "DEVICE", "STATE"}};
    for (const auto& one : servers)
        rows.push_back({"127.0.0.1:" + whole(number(one, "port")), whole(number(one, "pid")),
                        text(one, "device").empty() ? "its own choice" : text(one, "device"),
                        text(one, "state") == "exited" ? "ended with code " + whole(number(one, "code")) : text(one, "state")});
    std::cout << std::endl;
    print_table(rows);
}

void print(const json& all) {
    const auto& version = part(all, "version");
    const auto& health = part(all, "health");
    const auto& memory = part(health, "memory");
    const auto& disk = part(health, "disk");
    std::cout << "Tightwad " << text(version, "version") << " peer " << text(version, "machine") << " at "
              << text(version, "url") << ", pid " << whole(number(version, "pid")) << ", up "
              << whole(number(health, "uptime_s")) << " s, " << whole(number(health, "sessions"))
              << " sessions\nload " << load_of(part(health, "load")) << " on " << whole(number(health, "processors"))
              << " processors, " << human_bytes(number(memory, "available_bytes")) << " of "
              << human_bytes(number(memory, "total_bytes")) << " memory free, "
              << human_bytes(number(disk, "free_bytes")) << " disk free\n";
    print_gpus(part(all, "gpu"));
    print_engines(part(health, "engines"));
    print_rpc(part(part(all, "rpc"), "rpc"));
    std::cout.flush();
}

} // namespace

int peer_status(const global_options& global, bool as_json) {
    const auto config = load_peer_config(global);
    if (!config) return report_mistakes(config.error());
    const auto process = find_serving(peer_pid_file_path());
    if (!process) return complain("No peer is running; start one with `tightwad peer start`.", exit_failure);
    const auto who = "The peer at " + process->links + " (pid " + std::to_string(process->pid) + ")";
    const auto token = peer_token(*config->peer);
    if (!token) return complain(token.error().message, exit_usage);
    const auto address = parse_listen(process->url.starts_with("http://") ? process->url.substr(7) : "");
    if (!address) return complain("The pid file " + peer_pid_file_path().string() + " is damaged; remove it.", exit_failure);
    server_config where;
    where.host = address->first;
    where.port = address->second;
    json all = json::object();
    for (const char* question : {"version", "health", "gpu", "rpc"}) {
        http_request request;
        request.path = std::string("/v1/peer/") + question;
        request.token = token->value_or("");
        const auto answer = fetch(where, request);
        if (!answer) return complain(who + " does not answer: " + answer.error().message, exit_failure);
        if (answer->status != 200) return complain(refusal_sentence(*answer), exit_failure);
        all[question] = json::parse(answer->body, nullptr, false);
        if (!all[question].is_object()) return complain(who + " does not answer in JSON.", exit_failure);
    }
    if (as_json) std::cout << all.dump(2, ' ', false, json::error_handler_t::replace) << std::endl;
    else print(all);
    return exit_ok;
}

} // namespace tw::cli
