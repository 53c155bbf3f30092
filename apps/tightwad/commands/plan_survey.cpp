// Peers are asked by their management, devices through their rpc-servers.
#include "commands/plan_survey.hpp"

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <optional>
#include <thread>

#include <nlohmann/json.hpp>

#include "agent/machine.hpp"
#include "agent/rpc_servers.hpp"
#include "base/text.hpp"
#include "commands/status_json.hpp"
#include "config/paths.hpp"
#include "memory/facts.hpp"
#include "memory/read_speed.hpp"
#include "net/free_port.hpp"
#include "net/peer_questions.hpp"
#include "pooled/peer_way.hpp"
#include "pooled/worker_meter.hpp"
#include "pooled/worker_ways.hpp"

namespace tw::cli {
namespace {

using nlohmann::json;

constexpr auto patience = std::chrono::seconds{20}; // a start of the rpc-server over there may take its time

// What a machine computes that holds one part of so many, in the middle of such a context.
pooled::sample_layers sample_of(const plan::model_shape& model, std::size_t parts, std::uint64_t context, bool on_processor) {
    const auto most = std::ranges::max_element(model.bytes_by_type, {}, [](const auto& one) { return one.second; });
    pooled::sample_layers out{plan::gguf_types.front(), model.weight_bytes / parts, model.width,
                              model.layers.size() / parts, model.attention, context / 2, on_processor};
    for (const auto& type : plan::gguf_types)
        if (most != model.bytes_by_type.end() && type.name == most->first) out.type = type;
    return out;
}

struct peer_facts {
    std::uint64_t memory_bytes = 0, available_bytes = 0;
    std::string about;
};

// A number at a path of a stranger's answer; 0 = there is none.
double number(const json& from, const char* where) {
    const json::json_pointer path(where);
    return from.contains(path) && from[path].is_number() ? from[path].get<double>() : 0;
}

result<peer_facts> ask(const peer_ref& peer) {
    const auto to = pooled::way_to_peer(peer);
    if (!to) return to.error();
    const auto answers = net::ask_peer(*to, {"/v1/peer/health", "/v1/peer/gpu"});
    if (!answers) return answers.error();
    const auto health = parsed((*answers)[0].body), gpus = parsed((*answers)[1].body);
    peer_facts out;
    out.memory_bytes = static_cast<std::uint64_t>(number(health, "/memory/total_bytes"));
    out.available_bytes = static_cast<std::uint64_t>(number(health, "/memory/available_bytes"));
    char text[96];
    std::snprintf(text, sizeof text, "load %.1f on %.0f processors, ", number(health, "/load/0"), number(health, "/processors"));
    out.about = text + human_bytes(out.available_bytes) + " of " + human_bytes(out.memory_bytes) + " free";
    if (gpus.is_object() && gpus.contains("gpus") && gpus["gpus"].is_array())
        for (const auto& one : gpus["gpus"])
            if (one.is_object() && one.contains("name") && one["name"].is_string())
                out.about += ", " + one["name"].get<std::string>() + " with " + human_bytes(number(one, "/memory_bytes"));
    return out;
}

// A device as large as the machine's memory is its processor, which calls all of it free.
std::uint64_t really_free(const pooled::worker_figures& found, std::uint64_t memory_bytes, std::uint64_t available_bytes) {
    const bool is_memory = found.total_bytes >= memory_bytes / 100 * 98 && found.total_bytes <= memory_bytes / 100 * 102;
    return is_memory ? std::min(found.free_bytes, available_bytes) : found.free_bytes;
}

void take_figures(plan::machine& into, const pooled::worker_figures& found, std::uint64_t memory_bytes, std::uint64_t available_bytes) {
    into.memory_bytes = really_free(found, memory_bytes, available_bytes);
    into.compute = found.compute;
    into.least_rows = found.least_rows;
}

// Why connections of a way were lost, in words that know more than the end of a connection.
class losses {
  public:
    void add(const error& why) {
        const std::lock_guard lock(mutex_);
        last_ = why.message;
    }
    [[nodiscard]] std::string take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(last_, {});
    }

  private:
    std::mutex mutex_;
    std::string last_;
};

result<pooled::worker_figures> measure_at(std::uint16_t port, const std::string& name, const pooled::sample_layers& sample) {
    auto worker = pooled::rpc_client::connect(port, name, patience);
    if (!worker) return worker.error();
    return pooled::measure(*worker, sample);
}

surveyed survey(const pool_worker& worker, std::uint16_t port, const pooled::sample_layers& sample, losses& lost) {
    surveyed out{{worker.name}, worker.device, {}, {}};
    peer_facts peer;
    if (worker.peer) {
        auto asked = ask(*worker.peer);
        if (!asked) {
            out.problem = asked.error().message;
            return out;
        }
        peer = std::move(*asked);
        out.about = peer.about;
    }
    const auto found = measure_at(port, worker.name, sample);
    const auto why = lost.take();
    if (!found) {
        out.problem = found.error().code == code::unavailable && !why.empty() ? why : found.error().message;
        return out;
    }
    take_figures(out.machine, *found, peer.memory_bytes, peer.available_bytes);
    out.machine.link = found->link;
    return out;
}

result<pooled::worker_figures> measure_own(const std::filesystem::path& program, unsigned threads,
                                           const pooled::sample_layers& sample) {
    agent::rpc_servers servers({.program = program, .logs = state_folder() / "logs", .threads = static_cast<std::int32_t>(threads)});
    const auto port = net::free_port();
    const auto started = servers.start(port, "");
    if (!started) return started.error();
    return measure_at(port, "this machine", sample);
}

} // namespace

surveyed survey_here(const plan::model_shape& model, std::uint64_t context, const std::filesystem::path& rpc_server, unsigned threads) {
    surveyed out{{"this machine"}, {}, {}, {}};
    const auto memory = memory::look_at_memory();
    const auto cores = std::max(1U, std::thread::hardware_concurrency());
    out.machine.memory_bytes = memory.room_bytes();
    if (!rpc_server.empty()) {
        const auto found = measure_own(rpc_server, threads, sample_of(model, 1, context, true));
        if (found) {
            take_figures(out.machine, *found, memory.total_bytes, memory.room_bytes());
            return out;
        }
        out.problem = found.error().message;
    }
    const auto rate = memory::read_speed(threads == 0 ? cores : threads);
    if (rate > 0) out.machine.compute = plan::compute_speed{{{1, 1 / rate}}, true};
    return out;
}

result<std::vector<surveyed>> survey(const pool_config& pool, const plan::model_shape& model, std::uint64_t context) {
    losses lost;
    const auto ways = pooled::worker_ways::open(pool, [&](const error& why) { lost.add(why); });
    if (!ways) return ways.error();
    std::vector<surveyed> out;
    for (std::size_t i = 0; i < pool.workers.size(); ++i) {
        const auto& worker = pool.workers[i];
        out.push_back(survey(worker, ways->port(i), sample_of(model, pool.workers.size(), context, worker.device == "CPU"), lost));
    }
    return out;
}

} // namespace tw::cli
