// Medians, percentiles and words.
#include "commands/bench_report.hpp"

#include <cstdio>
#include <iostream>

#include "commands/terminal.hpp"

namespace tw::cli {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

template <class T> T at(const json& status, const char* part, const char* key, T otherwise) {
    if (!status.is_object() || !status.contains(part) || !status[part].is_object()) return otherwise;
    const auto& inner = status[part];
    if (!inner.contains(key) || inner[key].is_null()) return otherwise;
    return inner[key].get<T>();
}

template <class Value> std::vector<double> each(const std::vector<bench_pair>& pairs, Value value) {
    std::vector<double> out;
    for (const auto& pair : pairs) out.push_back(value(pair));
    return out;
}

bench_side side(const std::vector<bench_pair>& pairs, timed_answer bench_pair::* which) {
    return {.tok_s = median(each(pairs, [&](const auto& p) { return (p.*which).tok_s(); })),
            .latency_p95_ms = p95(each(pairs, [&](const auto& p) { return (p.*which).total_s * 1e3; })),
            .ttft_ms = median(each(pairs, [&](const auto& p) { return (p.*which).first_s * 1e3; }))};
}

template <class... Values> std::string text(const char* format, Values... values) {
    char out[320];
    std::snprintf(out, sizeof out, format, values...);
    return out;
}

double share(std::uint64_t part, std::uint64_t whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string number(double value) { return text("%.2f", value); }

ordered_json to_json(const bench_side& of) {
    return {{"tok_s", of.tok_s}, {"latency_p95_ms", of.latency_p95_ms}, {"ttft_ms", of.ttft_ms}};
}

ordered_json to_json(const timed_answer& of) {
    return {{"tokens", of.result.completion_tokens}, {"tok_s", of.tok_s()},
            {"ttft_ms", of.first_s * 1e3},           {"latency_ms", of.total_s * 1e3},
            {"cached_tokens", of.result.cached_tokens}, {"rounds", of.result.stats.rounds},
            {"drafted", of.result.stats.drafted},    {"accepted", of.result.stats.accepted}};
}

} // namespace

bench_report make_report(const std::vector<bench_pair>& pairs, std::size_t prompts, const bench_options& options,
                         const json& status) {
    bench_report out;
    out.pipeline = status.value("name", "");
    out.target = at<std::string>(status, "target", "model", "");
    out.draft = at<std::string>(status, "draft", "model", "none");
    out.exactness = at<std::string>(status, "target", "exactness", "unknown");
    out.exactness_cost = at<double>(status, "target", "exactness_cost", 1.0);
    out.options = options;
    out.prompts = prompts;
    out.pairs = pairs.size();
    speculation_stats sum;
    for (const auto& pair : pairs) {
        out.equal += pair.equal() ? 1 : 0;
        sum += pair.on.result.stats;
        out.approximate = out.approximate || pair.on.result.approximate;
    }
    out.on = side(pairs, &bench_pair::on);
    out.alone = side(pairs, &bench_pair::alone);
    out.cold_ttft_ms = median(each(pairs, [](const auto& p) { return p.cold_first_s * 1e3; }));
    const auto ratios = each(pairs, [](const auto& p) { return p.ratio(); });
    out.ratio = median(ratios);
    out.ratio_95 = median_interval(ratios);
    out.tokens_per_round = share(sum.tokens, sum.rounds);
    out.sources = source_rows(sum);
    out.agreed = sum.agreed;
    out.overruled = sum.overruled;
    out.status = status;
    return out;
}

void print_report(const bench_report& report) {
    std::cout << report.pipeline << ": target " << report.target << ", draft " << report.draft << ", exactness "
              << report.exactness << text(" (cost %.2f)\n", report.exactness_cost)
              << text("%zu pairs over %zu prompts, at most %d tokens an answer, temperature %g, ABBA\n\n", report.pairs,
                      report.prompts, static_cast<int>(report.options.max_tokens), report.options.temperature);
    print_table({{"", "pipeline", "target alone"},
                 {"tokens/s, median", number(report.on.tok_s), number(report.alone.tok_s)},
                 {"latency of an answer, p95, ms", number(report.on.latency_p95_ms),
                  number(report.alone.latency_p95_ms)},
                 {"first text, median, ms, prompt known", number(report.on.ttft_ms), number(report.alone.ttft_ms)},
                 {"first text, median, ms, prompt new", number(report.cold_ttft_ms), ""},
                 {"tokens per round", number(report.tokens_per_round), "1.00"}});
    std::cout << '\n';
    for (const auto& source : report.sources)
        std::cout << "acceptance of " << source.name
                  << text(": %.3f (%llu of %llu)\n", share(source.accepted, source.drafted),
                          static_cast<unsigned long long>(source.accepted),
                          static_cast<unsigned long long>(source.drafted));
    if (report.approximate)
        std::cout << text("approximate: drafters agreed on %llu tokens, %llu of them not the target's\n",
                          static_cast<unsigned long long>(report.agreed), static_cast<unsigned long long>(report.overruled));
    std::cout << text("speed-up %.3f (95 %% interval %.3f to %.3f, order statistics of the paired ratios), answers "
                      "equal in %zu of %zu pairs (text and ids)\n",
                      report.ratio, report.ratio_95.low, report.ratio_95.high, report.equal, report.pairs)
              << summary(report) << std::endl;
}

std::string summary(const bench_report& report) {
    return text("equal=%.4g ratio=%.4f ratio_low=%.4f ratio_high=%.4f tok_s=%.2f tok_s_alone=%.2f ttft_ms=%.2f "
                "tokens_per_round=%.3f",
                share(report.equal, report.pairs), report.ratio, report.ratio_95.low, report.ratio_95.high,
                report.on.tok_s, report.alone.tok_s, report.cold_ttft_ms, report.tokens_per_round);
}

ordered_json to_json(const bench_report& report, const std::vector<bench_pair>& pairs) {
    auto sources = ordered_json::object();
    for (const auto& source : report.sources)
        sources[source.name] = {{"drafted", source.drafted},
                                {"accepted", source.accepted},
                                {"acceptance", share(source.accepted, source.drafted)}};
    auto list = ordered_json::array();
    for (const auto& pair : pairs)
        list.push_back({{"prompt", pair.prompt},
                        {"equal", pair.equal()},
                        {"ratio", pair.ratio()},
                        {"ttft_new_ms", pair.cold_first_s * 1e3},
                        {"pipeline", to_json(pair.on)},
                        {"target_alone", to_json(pair.alone)}});
    return {{"pipeline", report.pipeline},
            {"target", report.target},
            {"draft", report.draft},
            {"exactness", report.exactness},
            {"exactness_cost", report.exactness_cost},
            {"prompts", report.prompts},
            {"max_tokens", report.options.max_tokens},
            {"temperature", report.options.temperature},
            {"pairs", report.pairs},
            {"equal", report.equal},
            {"ratio",
             {{"median", report.ratio},
              {"low", report.ratio_95.low},
              {"high", report.ratio_95.high},
              {"interval", "95 %, order statistics of the paired ratios"}}},
            {"with_drafts", to_json(report.on)},
            {"target_alone", to_json(report.alone)},
            {"ttft_new_ms", report.cold_ttft_ms},
            {"tokens_per_round", report.tokens_per_round},
            {"sources", std::move(sources)},
            {"approximate", report.approximate},
            {"consensus", {{"agreed", report.agreed}, {"overruled", report.overruled}}},
            {"status", report.status},
            {"samples", std::move(list)}};
}

} // namespace tw::cli
