// coordinator: how its llama-server was started.
#include <algorithm>
#include <array>

#include "config/units.hpp"
#include "migrate/sections.hpp"

namespace tw::migrate {
namespace {

using enum difference_kind;
using toml_tree::value;

struct argument {
    std::string_view brief, full;
    std::optional<std::int64_t> coordinator_section::*to;
    std::int64_t min, max;
};

constexpr std::array<argument, 3> known{{{"-np", "--parallel", &coordinator_section::slots, 1, 64},
                                         {"-t", "--threads", &coordinator_section::threads, 1, 1024},
                                         {"-ngl", "--n-gpu-layers", &coordinator_section::gpu_layers, -1, 10000}}};

// Names of arguments alone: what follows one may be a key.
void read_arguments(section& from, coordinator_section& to, differences& out) {
    const auto words = from.texts("extra_args");
    std::string others;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (!words[i].starts_with('-')) continue;
        const auto found = std::ranges::find_if(
            known, [&](const argument& one) { return one.brief == words[i] || one.full == words[i]; });
        const auto number = found != known.end() && i + 1 < words.size() ? parse_integer(words[i + 1]) : std::nullopt;
        if (number && *number >= found->min && *number <= found->max) {
            to.*found->to = number;
            ++i;
            continue;
        }
        others += (others.empty() ? "" : " ") + words[i].substr(0, words[i].find_first_of("= \t"));
        const bool secret = words[i].find("key") != std::string::npos || words[i].find("token") != std::string::npos;
        if (secret) ++i;
    }
    if (!others.empty())
        out.add(no_counterpart, from.at("extra_args"), from.named("extra_args"),
                "llama.cpp's own arguments are passed on to a llama-server alone, by server_args beside server of [pool.NAME] (" +
                    others + "); `tightwad help backend llamacpp` lists the keys there are.");
}

void read_environment(section& from, differences& out) {
    const auto* map = from.map("env");
    if (map == nullptr || map->table.empty()) return;
    std::string names;
    for (const auto& one : map->table)
        names += (names.empty() ? "" : ", ") + one.key;
    out.add(no_counterpart, from.at("env"), from.named("env"),
            "Variables are set for a llama-server alone, by server_env beside server of [pool.NAME]; else export " + names +
                " before `tightwad serve`.");
}

} // namespace

coordinator_section read_coordinator(const value& map, differences& out) {
    section from(map, "coordinator", out);
    coordinator_section made;
    made.host_at = from.at("host");
    made.port_at = from.at("port");
    made.host = read_host(from, out).value_or(made.host);
    if (const auto port = from.integer("port", 1, 65535)) made.port = static_cast<std::uint16_t>(*port);
    const auto cards = from.maps("gpus");
    const auto backend = from.text("backend").value_or("hip");
    if (backend == "hip" && cards.size() > 1)
        out.add(
            no_counterpart, from.at("backend"), from.named("backend"),
            "What computes is the engine Tightwad was built with, or a llama-server of yours by server of [pool.NAME]. "
            "HSA_ENABLE_SDMA=0 and GPU_MAX_HW_QUEUES=1 are set by themselves where a pool's own machine has several ROCm cards.");
    else
        from.drop("backend", no_counterpart,
                  "What computes is the engine Tightwad was built with, or a llama-server of yours by server of [pool.NAME].");
    if (!cards.empty())
        out.add(
            no_counterpart, from.at("gpus"), from.named("gpus"),
            "The engine uses the cards it finds and shares the layers by their free memory, beside workers only the "
            "first card; tensor_split says otherwise.");
    read_arguments(from, made, out);
    read_environment(from, out);
    from.finish();
    return made;
}

} // namespace tw::migrate
