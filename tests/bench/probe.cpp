// Runs the exactness probe on a real model and prints what it says.
#include <chrono>
#include <cstdio>
#include <string>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "bridge/interfaces.hpp"
#include "exactness/probe.hpp"
#include "plugin/registry.hpp"

int main(int argc, char** argv) {
    std::string path, cache;
    int context = 2048, slots = 8, threads = 0;
    tw::probe_options options;
    CLI::App app{"Measures which batch shapes of a model give the same bits."};
    app.add_option("model", path, "GGUF to probe")->required();
    app.add_option("--cache", cache, "The plugin's option `cache`, where it has one");
    app.add_option("--context", context, "Tokens of a sequence");
    app.add_option("--slots", slots, "Sequences");
    app.add_option("--threads", threads, "Processor threads, 0 = one per core");
    app.add_option("--most-rows", options.most_rows, "Rows of a pass that speculation may use");
    app.add_option("--prefill-rows", options.prefill_rows, "Rows of a pass that reads a prompt");
    app.add_flag("--stop", options.stop_at_first_difference, "Stop at the first difference");
    CLI11_PARSE(app, argc, argv);
    spdlog::set_level(spdlog::level::warn);

    const auto plugins = tw::registry::scan(tw::search_path::from({TW_PLUGIN_DIR}));
    const auto* plugin = plugins.find("llamacpp");
    if (plugin == nullptr) return std::fprintf(stderr, "The plugin llamacpp is not built.\n"), 2;
    nlohmann::json table{
        {"model_path", path}, {"context", context}, {"slots", slots}, {"threads", threads}};
    if (!cache.empty()) table["cache"] = cache;
    const auto model =
        tw::engine::create(*tw::find_engine(*plugin), plugin->id,
                           std::make_unique<tw::plugin_host>(plugin->id), table.dump(), {});
    if (!model) return std::fprintf(stderr, "%s\n", model.error().message.c_str()), 2;

    const auto start = std::chrono::steady_clock::now();
    const auto report = tw::probe(**model, options, [](float part) {
        if (isatty(STDERR_FILENO)) std::fprintf(stderr, "\r\033[K%3.0f %%", 100 * double(part));
        return true;
    });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (!report) return std::fprintf(stderr, "%s\n", report.error().message.c_str()), 2;
    std::printf("model=\"%s\" class=%s rows=%d-%d one_sequence=%d reusable=%d cells=%d complete=%d plain_ms=%.2f "
                "padded_ms=%.2f probe_s=%.1f\n",
                (*model)->info().model.c_str(), tw::name(report->kind), report->rows.least,
                report->rows.most, report->one_sequence, report->reusable, report->cells, report->complete,
                report->plain_ms, report->padded_ms, took.count());
    for (const auto& finding : report->findings)
        std::printf("  %s\n", finding.c_str());
}
