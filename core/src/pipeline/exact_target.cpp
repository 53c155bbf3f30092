// Cache settings, cheapest first, until one is bitwise.
#include "pipeline/exact_target.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "exactness/probe_cache.hpp"

namespace tw {
namespace {

using nlohmann::json;

std::string key_of(const engine& model, const std::string& options, const probe_options& probing) {
    const auto& info = model.info();
    auto settings = json::parse(options);
    settings.erase("rpc"); // the ports of a pool's tunnels, new at every start; "rpc_names" says who is meant
    return json{info.identity, info.build, info.device, processor_name(), std::thread::hardware_concurrency(), info.n_ctx,
                info.n_seq, info.n_batch, settings.dump(), probing.most_rows, probing.prefill_rows,
                probing.stop_at_first_difference}
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

result<exactness_report> probe_once(engine& model, const std::string& options, const probe_options& probing,
                                    const exact_progress& progress) {
    const auto key = key_of(model, options, probing);
    const bool known = !model.info().identity.empty();
    if (known)
        if (auto kept = load_probe(probe_folder(), key)) return *kept;
    spdlog::info("event=probing model=\"{}\" why=\"which passes give equal bits; kept for the next start\"",
                 model.info().model);
    auto report = probe(model, probing, progress);
    if (report && known)
        if (const auto stored = store_probe(probe_folder(), key, *report); !stored)
            spdlog::warn("event=probe_not_kept why=\"{}\"", stored.error().message);
    return report;
}

bool better(const exactness_report& a, const exactness_report& b) {
    if (a.one_sequence != b.one_sequence && a.kind == b.kind) return b.one_sequence;
    return a.kind != b.kind ? a.kind < b.kind : a.rows.most - a.rows.least > b.rows.most - b.rows.least;
}

std::string described(const exact_target& got) {
    std::string out = name(got.report.kind);
    if (got.report.kind == exactness_class::shape_class)
        out += " (passes of " + std::to_string(got.report.rows.least) + " to " + std::to_string(got.report.rows.most) + " rows agree" +
               (got.report.one_sequence ? ", of one answer each)" : ")");
    char cost[64];
    std::snprintf(cost, sizeof cost, ", and a plain step costs %.2f of the cheapest one", got.cost);
    return out + cost;
}

// What the options say of the cache; empty where they say nothing.
std::string cache_of(const std::string& options) { return json::parse(options).value("cache", ""); }

} // namespace

std::string processor_name() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(": ") + 2));
    return {};
}

result<exact_target> load_exact_target(const engine_maker& make, const std::string& options_json, bool has_cache,
                                       const std::string& wanted, const probe_options& probing,
                                       const exact_progress& progress) {
    auto options = json::parse(options_json);
    std::vector<std::string> candidates{options_json};
    if (has_cache && !options.contains("cache")) {
        candidates.clear();
        for (const char* cache : {"fast", "exact"}) {
            options["cache"] = cache;
            candidates.push_back(options.dump());
        }
    }
    exact_target best;
    if (wanted == "numeric") {
        auto model = make(candidates.front(), progress);
        if (!model) return model.error();
        best.report.rows = {1, (*model)->info().n_batch};
        best.model = std::move(*model);
        best.settings = cache_of(candidates.front());
        return best;
    }
    exactness_report cheapest;
    std::size_t best_at = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        // Of each candidate's share a fifth is for loading it.
        const auto part_of = [&](float from, float to) -> exact_progress {
            const auto share = 1 / static_cast<float>(candidates.size());
            return [=, &progress, before = static_cast<float>(i)](float part) {
                return progress(share * (before + from + part * (to - from)));
            };
        };
        best.model.reset(); // one of them in memory at a time
        auto model = make(candidates[i], part_of(0, 0.2F));
        if (!model) return model.error();
        auto asked = probing;
        asked.stop_at_first_difference = i + 1 < candidates.size();
        auto report = probe_once(**model, candidates[i], asked, part_of(0.2F, 1));
        if (!report) return report.error();
        if (i == 0) cheapest = *report;
        best.model = std::move(*model);
        if (!best.probed || better(*report, best.report)) {
            best.report = std::move(*report);
            best_at = i;
        }
        best.probed = true;
        if (best.report.kind == exactness_class::bitwise) break;
    }
    if (best_at + 1 < candidates.size() && best.report.kind != exactness_class::bitwise) {
        best.model.reset();
        auto model = make(candidates[best_at], [&](float) { return progress(1); });
        if (!model) return model.error();
        best.model = std::move(*model);
    }
    best.settings = cache_of(candidates[best_at]);
    // Steps are compared at the same depth; a probe that stopped early was not there.
    const auto& base = cheapest.cells >= best.report.cells * 3 / 4 ? cheapest : best.report;
    if (base.plain_ms > 0) best.cost = std::max(1.0, best.report.padded_ms / base.plain_ms);
    const bool refused = (wanted == "bitwise" && best.report.kind != exactness_class::bitwise) ||
                         (wanted == "shape-class" && best.report.kind == exactness_class::numeric);
    if (refused)
        return fail(code::unsupported, "exactness = \"" + wanted + "\" is asked for, and " + best.model->info().model +
                                           " on " + best.model->info().device + " is " + described(best) +
                                           ". Set exactness = \"auto\" to serve it so.");
    return best;
}

} // namespace tw
