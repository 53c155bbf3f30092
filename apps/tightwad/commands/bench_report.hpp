// What the bench found, as figures, as a table, as JSON and as one line.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "commands/bench_run.hpp"
#include "commands/bench_statistics.hpp"

namespace tw::cli {

// One side of the comparison. Medians over its answers; latency is the whole answer's.
struct bench_side {
    double tok_s = 0, latency_p95_ms = 0, ttft_ms = 0;
};

struct bench_report {
    std::string pipeline, target, draft, exactness; // exactness = what the pipeline's status calls its class
    double exactness_cost = 1;
    bench_options options;
    std::size_t prompts = 0, pairs = 0, equal = 0;
    bench_side on, alone;
    double cold_ttft_ms = 0; // of the pipeline, with a prompt it has not read before
    double ratio = 0;        // the median over the pairs
    interval ratio_95;
    double tokens_per_round = 0; // of the pipeline
    std::vector<bench_source> sources;
    std::uint64_t agreed = 0, overruled = 0; // where drafters that agree are believed
    bool approximate = false;                // they are: answers need not be equal
    nlohmann::json status; // the pipeline's own, at the end

    [[nodiscard]] bool all_equal() const { return equal == pairs; }
};

[[nodiscard]] bench_report make_report(const std::vector<bench_pair>& pairs, std::size_t prompts,
                                       const bench_options& options, const nlohmann::json& status);

// A table on stdout, with the line of summary() as its last.
void print_report(const bench_report& report);

// "equal=… ratio=…": equal is the share of pairs whose answers are the same, ratios are to the target alone.
[[nodiscard]] std::string summary(const bench_report& report);

// The report and every pair.
[[nodiscard]] nlohmann::ordered_json to_json(const bench_report& report, const std::vector<bench_pair>& pairs);

} // namespace tw::cli
