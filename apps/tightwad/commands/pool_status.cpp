// A line for the pool, one for each worker.
#include "commands/pool_status.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "commands/status_json.hpp"

namespace tw::cli {
namespace {

using nlohmann::json;

std::string number(const json& of, const char* key) {
    const auto& found = part(of, key);
    return found.is_number() ? std::to_string(std::lround(found.get<double>())) : "0";
}

std::string one_pool(const json& pool, const std::string& of) {
    auto out = "\npool " + text(pool, "name") + " of " + of + ": " + pool_state_text(pool) + '\n';
    for (const auto& worker : part(pool, "workers")) {
        const auto device = text(worker, "device");
        const bool is_protected = part(worker, "protected") == json(true);
        out += "  worker " + text(worker, "name") + (device.empty() ? "" : " on " + device) +
               (is_protected ? "" : ", reached without protection") + '\n';
    }
    for (const auto& warning : part(pool, "warnings"))
        if (warning.is_string()) out += "  warning: " + warning.get<std::string>() + '\n';
    return out;
}

} // namespace

std::string pool_state_text(const json& pool) {
    const auto state = text(pool, "state"), why = text(pool, "why");
    if (state == "starting" && part(pool, "progress").is_number())
        return "starting, " + std::to_string(std::lround(pool["progress"].get<double>() * 100)) + " % of the model is loaded";
    if (state != "up") return state + ", started " + number(pool, "starts") + " times: " + why;
    auto out = "up, process " + number(pool, "pid");
    if (const auto server = text(pool, "server"); !server.empty()) return out + ", held by " + server;
    return out + ", output layer on the " + (text(pool, "output") == "last-worker" ? "last worker" : "coordinator");
}

std::string pool_text(const json& pipeline) {
    const auto name = text(pipeline, "name");
    std::string out;
    if (const auto& replicas = part(pipeline, "replicas"); replicas.is_array()) {
        for (const auto& one : replicas)
            if (const auto& pool = part(part(one, "status"), "pool"); pool.is_object()) out += one_pool(pool, name);
    } else if (const auto& pool = part(pipeline, "pool"); pool.is_object()) {
        out = one_pool(pool, name);
    }
    return out;
}

} // namespace tw::cli
