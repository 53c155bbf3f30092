// Routes, and every answer as JSON.
#include "agent/agent.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "agent/log_file.hpp"
#include "agent/machine.hpp"
#include "agent/model_files.hpp"
#include "agent/rpc_servers.hpp"
#include "agent/spawn.hpp"
#include "base/json_depth.hpp"
#include "base/text.hpp"
#include "config/paths.hpp"
#include "config/units.hpp"

namespace tw::agent {
namespace {

using net::http_reply;
using json = nlohmann::ordered_json;
using clock = std::chrono::system_clock;

constexpr std::size_t most_body = 4096;
constexpr std::int64_t most_lines = 1000;

http_reply answer(const json& body) { return {200, body.dump(-1, ' ', false, json::error_handler_t::replace)}; }

http_reply refuse(unsigned status, const std::string& sentence) {
    const json body{{"error", {{"message", sentence}}}};
    return {status, body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

http_reply refuse(const error& why) {
    switch (why.code) {
    case code::invalid_argument: return refuse(400, why.message);
    case code::denied: return refuse(403, why.message);
    case code::not_found: return refuse(404, why.message);
    case code::busy: return refuse(409, why.message);
    case code::timed_out: return refuse(504, why.message);
    case code::unavailable: return refuse(503, why.message);
    default: return refuse(500, why.message);
    }
}

error wrong(std::string sentence) { return fail(code::invalid_argument, std::move(sentence)); }

std::int64_t unix_time(clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

json show(const rpc_server_state& one) {
    json out{{"pid", one.pid},
             {"port", one.port},
             {"device", one.device.empty() ? json() : json(one.device)},
             {"since", unix_time(one.since)},
             {"state", one.exited ? "exited" : one.stopped ? "stopped" : "running"}};
    if (one.exited) out["code"] = *one.exited;
    else {
        out["listening"] = one.listening;
        out["ggml"] = one.ggml.empty() ? json() : json(one.ggml);
    }
    return out;
}

// The object of a body with these keys and no other ones. Not a result: JSON takes any value as its own.
std::optional<error> parse_body(const std::string& body, const std::vector<std::string>& keys, json& parsed) {
    if (body.size() > most_body) return wrong("The body is larger than " + std::to_string(most_body) + " bytes.");
    if (json_deeper_than(body, 4)) return wrong("The body nests more than 4 deep.");
    parsed = json::parse(body, nullptr, false);
    if (!parsed.is_object()) return wrong("The body must be a JSON object, such as {\"port\": 50052}.");
    for (const auto& [key, value] : parsed.items())
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
            const auto near = near_name(key, keys);
            return wrong("The body has the unknown key \"" + to_valid_utf8(cut_utf8(key, 100)) + "\"" +
                         (near.empty() ? "." : "; did you mean \"" + near + "\"?"));
        }
    return std::nullopt;
}

result<std::uint16_t> port_of(const json& body) {
    const auto found = body.find("port");
    if (found == body.end() || !found->is_number_integer() || *found < 1024 || *found > 65535)
        return wrong("\"port\" must be a number from 1024 to 65535.");
    return found->get<std::uint16_t>();
}

struct split_target {
    std::string path;
    std::map<std::string, std::string, std::less<>> query;
};

split_target split(std::string_view target) {
    const auto mark = std::min(target.find('?'), target.size());
    split_target out{std::string(target.substr(0, mark)), {}};
    auto rest = target.substr(std::min(mark + 1, target.size()));
    while (!rest.empty()) {
        const auto end = std::min(rest.find('&'), rest.size());
        const auto pair = rest.substr(0, end);
        const auto equals = std::min(pair.find('='), pair.size());
        out.query.emplace(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return out;
}

} // namespace

struct agent::impl {
    explicit impl(agent_options given)
        : options(std::move(given)),
          rpc({.program = options.config.rpc_server,
               .logs = options.state / "logs",
               .start_patience = options.rpc_start_patience,
               .threads = options.config.rpc_threads,
               .cache = options.config.rpc_cache}) {}

    http_reply version() const;
    http_reply health() const;
    http_reply gpus() const;
    http_reply models() const;
    http_reply rpc_list() const;
    http_reply rpc_start(const std::string& body);
    http_reply rpc_stop(const std::string& body);
    http_reply logs(const split_target& asked) const;
    net::tunnel_answer tunnel(const split_target& asked);

    const agent_options options;
    const clock::time_point began = clock::now();
    rpc_servers rpc;
};

http_reply agent::impl::version() const {
    return answer({{"version", options.version},
                   {"machine", options.config.machine},
                   {"url", options.url},
                   {"pid", ::getpid()},
                   {"rpc_server", !options.config.rpc_server.empty()}});
}

http_reply agent::impl::health() const {
    const auto found = look_at_machine(options.state);
    json engines = json::array();
    if (options.engines)
        for (const auto& one : options.engines())
            engines.push_back({{"name", one.name},
                               {"model", one.model},
                               {"drafter", one.drafter},
                               {"target", one.target},
                               {"exactness", one.exactness.empty() ? json() : json(one.exactness)}});
    return answer({{"status", "up"},
                   {"uptime_s", unix_time(clock::now()) - unix_time(began)},
                   {"load", found.load},
                   {"processors", found.processors},
                   {"memory", {{"total_bytes", found.memory_bytes}, {"available_bytes", found.memory_available_bytes}}},
                   {"disk", {{"total_bytes", found.disk_bytes}, {"free_bytes", found.disk_free_bytes}}},
                   {"sessions", options.sessions ? options.sessions() : 0},
                   {"engines", std::move(engines)}});
}

http_reply agent::impl::gpus() const {
    const auto found = find_gpus(find_program("nvidia-smi"), options.drm);
    json list = json::array();
    const auto known = [](std::uint64_t bytes) { return bytes == 0 ? json() : json(bytes); };
    for (const auto& one : found.gpus)
        list.push_back({{"vendor", one.vendor},
                        {"name", one.name},
                        {"memory_bytes", known(one.memory_bytes)},
                        {"memory_used_bytes", one.memory_bytes == 0 ? json() : json(one.memory_used_bytes)}});
    json out{{"gpus", std::move(list)}};
    if (!found.note.empty()) out["note"] = found.note;
    return answer(out);
}

http_reply agent::impl::models() const {
    json list = json::array();
    for (const auto& one : list_models(options.config.model_dirs, cache_folder() / "models", ollama_folders()))
        list.push_back({{"name", one.name}, {"source", one.source}, {"bytes", one.bytes}});
    return answer({{"models", std::move(list)}});
}

http_reply agent::impl::rpc_list() const {
    json list = json::array();
    for (const auto& one : rpc.list()) list.push_back(show(one));
    return answer({{"rpc", std::move(list)}});
}

http_reply agent::impl::rpc_start(const std::string& body) {
    json asked;
    if (const auto wrong = parse_body(body, {"port", "device"}, asked)) return refuse(*wrong);
    const auto port = port_of(asked);
    if (!port) return refuse(port.error());
    std::string device;
    if (const auto found = asked.find("device"); found != asked.end() && !found->is_null()) {
        if (!found->is_string()) return refuse(400, "\"device\" must be a string, such as \"CPU\".");
        device = found->get<std::string>();
    }
    const auto started = rpc.start(*port, device);
    return started ? answer(show(*started)) : refuse(started.error());
}

http_reply agent::impl::rpc_stop(const std::string& body) {
    json asked;
    if (const auto wrong = parse_body(body, {"port"}, asked)) return refuse(*wrong);
    const auto port = port_of(asked);
    if (!port) return refuse(port.error());
    const auto stopped = rpc.stop(*port);
    return stopped ? answer(show(*stopped)) : refuse(stopped.error());
}

http_reply agent::impl::logs(const split_target& asked) const {
    std::string service = "peer";
    std::int64_t lines = 100;
    for (const auto& [key, value] : asked.query) {
        if (key == "service") service = value;
        else if (const auto number = parse_integer(value); key == "lines" && number && *number >= 1 && *number <= most_lines)
            lines = *number;
        else if (key == "lines") return refuse(400, "\"lines\" must be a number from 1 to 1000.");
        else return refuse(400, "Logs are asked for by \"service\" and \"lines\" alone.");
    }
    std::optional<std::int64_t> rpc_port;
    if (service.starts_with("rpc-")) rpc_port = parse_integer(service.substr(4));
    if (service != "peer" && service != "proxy" &&
        !(rpc_port && *rpc_port >= 1024 && *rpc_port <= 65535 && service == "rpc-" + std::to_string(*rpc_port)))
        return refuse(400, "\"service\" must be peer, proxy or rpc-PORT.");
    const auto file = options.state / "logs" / (service + ".log");
    std::error_code failed;
    if (!std::filesystem::exists(file, failed))
        return refuse(404, "There is no log of " + service + " on this machine; it has not run yet.");
    return answer({{"service", service}, {"lines", last_lines_of(file, static_cast<std::size_t>(lines))}});
}

net::tunnel_answer agent::impl::tunnel(const split_target& asked) {
    constexpr std::string_view before = "/v1/tunnel/rpc/";
    const auto number = asked.path.starts_with(before) ? parse_integer(asked.path.substr(before.size())) : std::nullopt;
    if (!number || *number < 1024 || *number > 65535)
        return {0, refuse(400, "A tunnel is asked for as /v1/tunnel/rpc/PORT, with a port from 1024 to 65535.")};
    const auto port = static_cast<std::uint16_t>(*number);
    const auto to = [this](std::uint16_t found) { return net::tunnel_answer{found, {}, [this, found] { return rpc.fault(found); }}; };
    std::string device;
    for (const auto& [key, value] : asked.query) {
        if (key != "device") return {0, refuse(400, "A tunnel is asked for with \"device\" alone.")};
        device = value;
    }
    for (const auto& one : rpc.list()) {
        if (one.port != port || one.exited) continue;
        if (const auto why = rpc.fault(port); !why.empty()) return {0, refuse(503, why)};
        if (device.empty() || one.device == device) return to(port);
        return {0, refuse(409, "The rpc-server on port " + std::to_string(port) + " computes on " +
                                   (one.device.empty() ? "the devices it chose itself" : one.device) + ", not on " +
                                   to_valid_utf8(cut_utf8(device, 100)) + "; stop it, or choose another port.")};
    }
    if (options.config.rpc_server.empty())
        return {0, refuse(404, "No rpc-server of this peer has port " + std::to_string(port) +
                                   ", and none can be started: set rpc_server in its [peer] table.")};
    const auto started = rpc.start(port, device);
    if (!started) return {0, refuse(started.error())};
    return to(port);
}

agent::agent(agent_options options) : impl_(std::make_unique<impl>(std::move(options))) {}
agent::~agent() = default;

net::tunnel_answer agent::tunnel(const std::string& target) { return impl_->tunnel(split(target)); }

http_reply agent::handle(const net::http_request& request) {
    const auto asked = split(request.target);
    auto& self = *impl_;
    struct route {
        std::string_view method, path;
        std::function<http_reply()> act;
    };
    const std::array<route, 8> routes{{
        {"GET", "/v1/peer/version", [&] { return self.version(); }},
        {"GET", "/v1/peer/health", [&] { return self.health(); }},
        {"GET", "/v1/peer/gpu", [&] { return self.gpus(); }},
        {"GET", "/v1/peer/models", [&] { return self.models(); }},
        {"GET", "/v1/peer/rpc", [&] { return self.rpc_list(); }},
        {"POST", "/v1/peer/rpc/start", [&] { return self.rpc_start(request.body); }},
        {"POST", "/v1/peer/rpc/stop", [&] { return self.rpc_stop(request.body); }},
        {"GET", "/v1/peer/logs", [&] { return self.logs(asked); }},
    }};
    for (const auto& one : routes) {
        if (one.path != asked.path) continue;
        if (one.method == request.method) return one.act();
        return refuse(405, std::string(one.path) + " is asked for by " + std::string(one.method) + ".");
    }
    return refuse(404, "There is nothing at this path; the paths of a peer begin with /v1/peer/.");
}

} // namespace tw::agent
