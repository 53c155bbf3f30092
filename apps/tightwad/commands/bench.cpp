// `tightwad bench`: a pipeline against its target alone, in this process, with the proof that nothing changed.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include <spdlog/spdlog.h>

#include "base/text.hpp"
#include "commands/bench_plot.hpp"
#include "commands/bench_report.hpp"
#include "commands/bench_run.hpp"
#include "commands/commands.hpp"
#include "commands/own_command.hpp"
#include "commands/setup.hpp"
#include "commands/terminal.hpp"
#include "pipeline/build.hpp"
#include "pipeline/check.hpp"

namespace tw::cli {
namespace {

// Small on purpose: text to go on with, questions, and text to repeat, which is where drafts differ most.
const std::vector<std::string> usual_prompts{
    "Once upon a time, there was a little girl named Lily. One day, she",
    "Explain in two sentences why the sky is blue.",
    "Write a Python function that reverses a string.",
    "Repeat this text word by word: The quick brown fox jumps over the lazy dog, and the lazy dog looks at "
    "the quick brown fox, until the quick brown fox jumps over the lazy dog again.",
    "List five animals that live in the sea, with one sentence about each.",
    "Correct the spelling and repeat the rest unchanged: On monday the comittee met in the old town hall. The "
    "committee spoke about the bridge, about the road to the bridge, and about the price of the bridge.",
};

result<std::vector<std::string>> read_prompts(const std::optional<std::filesystem::path>& file) {
    if (!file) return usual_prompts;
    std::ifstream in(*file);
    if (!in)
        return fail(code::not_found, "The prompts file " + file->string() + " cannot be read: " +
                                         std::strerror(errno) + ". Give a text file with one prompt per line.");
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (line.find_first_not_of(" \t") != std::string::npos) lines.push_back(std::move(line));
    }
    if (lines.empty())
        return fail(code::invalid_argument,
                    "The prompts file " + file->string() + " holds no prompt; write one per line.");
    return lines;
}

// Leaves the pipeline of that name alone in the configuration, so that no other model is loaded.
result<void> choose(configuration& config, const std::string& name) {
    std::vector<std::string> names;
    for (const auto& one : config.pipelines) {
        if (name.empty() || one.name == name) {
            config.pipelines = std::vector{one};
            config.pipelines.front().on_demand = false; // what is measured is loaded before
            return {};
        }
        names.push_back(one.name);
    }
    std::string list;
    for (const auto& one : names) list += (list.empty() ? "" : ", ") + one;
    const auto near = near_name(name, names);
    return fail(code::not_found, "There is no pipeline \"" + name + "\" in " + config.path.string() +
                                     (near.empty() ? "; it has " + list + "."
                                                   : "; did you mean \"" + near + "\"?"));
}

int write_plot(const std::filesystem::path& file, const std::string& svg) {
    std::ofstream out(file);
    out << svg;
    out.close();
    if (out) return exit_ok;
    return complain("The plot " + file.string() + " cannot be written: " + std::strerror(errno) +
                        ". Choose a file in a folder that is there.",
                    exit_failure);
}

} // namespace

int bench(const global_options& global, const bench_options& options) {
    log_to_stderr("warning");
    auto what = load_setup(global);
    if (!what) return report_mistakes(what.error());
    if (const auto missing = missing_pipelines(what->config); !missing.empty()) return report_mistakes(missing);
    if (const auto chosen = choose(what->config, options.pipeline); !chosen)
        return complain(chosen.error().message, exit_usage);
    const auto prompts = read_prompts(options.prompts);
    if (!prompts) return complain(prompts.error().message, exit_usage);
    if (const auto mistakes = check_pipelines(what->config, what->plugins); !mistakes.empty())
        return report_mistakes(mistakes);

    progress_line loading("loading models");
    const auto built = build_pipelines(what->config, what->plugins, [&](float part) {
        loading.show(part);
        return true;
    }, command_of("pool-engine", global, what->config));
    loading.clear();
    if (!built) return complain(built.error().message, exit_failure);
    progress_line measuring("measuring");
    const auto pairs = run_pairs(*built->front(), *prompts, options, [&](float part) { measuring.show(part); });
    measuring.clear();
    if (!pairs) return complain(pairs.error().message, exit_failure);

    const auto report = make_report(*pairs, prompts->size(), options, built->front()->status());
    if (options.json)
        std::cout << to_json(report, *pairs).dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
                  << std::endl;
    else print_report(report);
    if (options.plot)
        if (const auto failed = write_plot(*options.plot, to_svg(report, *pairs)); failed != exit_ok) return failed;
    if (report.all_equal() || report.approximate) return exit_ok;
    return complain("The answers differ in " + std::to_string(report.pairs - report.equal) + " of " +
                        std::to_string(report.pairs) +
                        " pairs, so the pipeline is not exact here and its speed-up does not count.",
                    exit_failure);
}

} // namespace tw::cli
