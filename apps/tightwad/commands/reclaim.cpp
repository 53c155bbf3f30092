// `tightwad reclaim`: lets go of the pages of model files that no process needs, and says what really left.
#include <algorithm>
#include <iostream>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "commands/commands.hpp"
#include "commands/model_choice.hpp"
#include "commands/model_pages.hpp"
#include "commands/setup.hpp"
#include "commands/terminal.hpp"
#include "memory/facts.hpp"
#include "memory/page_cache.hpp"
#include "memory/process_files.hpp"

namespace tw::cli {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

struct outcome {
    fs::path file;
    std::optional<std::uint64_t> before, after; // none = the system does not tell
    std::vector<memory::mapper> mappers;        // who keeps what stayed
    std::string problem;                        // why nothing was done, or why nothing is known; empty = neither
    bool failed = false;
};

outcome reclaim_one(const fs::path& file) {
    outcome out{file, {}, {}, {}, {}};
    const auto before = memory::look_at_pages(file);
    if (before)
        out.before = before->resident_bytes;
    else
        out.problem = before.error().message;
    if (const auto gone = memory::let_go(file); !gone) {
        out.problem = gone.error().message;
        out.failed = true;
        return out;
    }
    if (const auto after = memory::look_at_pages(file)) out.after = after->resident_bytes;
    if (out.after != 0) out.mappers = memory::mappers_of(file);
    return out;
}

// The files of the models that these backends load on this machine, each once.
result<std::vector<fs::path>> files_of(const std::vector<const node_config*>& backends) {
    std::vector<fs::path> out;
    for (const auto* node : backends) {
        const auto keys = json::parse(node->options_json, nullptr, false);
        const auto path = keys.is_object() ? keys.value("model_path", "") : std::string();
        if (node->peer || node->server || path.empty()) continue;
        const auto model = find_model(path);
        if (!model) return model.error();
        for (const auto& file : model->files)
            if (std::ranges::find(out, file) == out.end()) out.push_back(file);
    }
    return out;
}

result<std::vector<fs::path>> files_of(const configuration& config) {
    std::vector<const node_config*> all;
    for (const auto& node : config.nodes) all.push_back(&node);
    auto out = files_of(all);
    if (out && out->empty())
        return fail(code::not_found,
                    "The configuration loads no model file on this machine; name one, or a process with --pid or "
                    "--port.");
    return out;
}

result<std::vector<fs::path>> files_of_endpoint(configuration& config, const std::string& model) {
    if (!model.empty())
        if (const auto chosen = choose_model(config, model); !chosen) return chosen.error();
    std::vector<const node_config*> loaded;
    for (const auto& pipeline : config.pipelines) {
        if (pipeline.on_demand) continue;
        loaded.push_back(config.node(pipeline.target));
        for (const auto* names : {&pipeline.replicas, &pipeline.draft, &pipeline.draft_fallback})
            for (const auto& name : *names) loaded.push_back(config.node(name));
    }
    return files_of(loaded);
}

result<std::vector<fs::path>> files_of(const reclaim_options& options) {
    if (!options.file.empty()) {
        auto model = find_model(options.file);
        if (!model) return model.error();
        return std::move(model->files);
    }
    if (options.pid) return memory::model_files_of(*options.pid);
    const auto pid = memory::listener_of(*options.port);
    if (!pid) return pid.error();
    return memory::model_files_of(*pid);
}

// Whether files of so many bytes leave less than as much again for everything else.
bool is_tight(const std::vector<fs::path>& files) {
    std::uint64_t bytes = 0;
    for (const auto& file : files) {
        std::error_code unknown;
        const auto size = fs::file_size(file, unknown);
        if (!unknown) bytes += size;
    }
    const auto machine = memory::look_at_memory();
    return machine.available_bytes == 0 || bytes > machine.room_bytes() / 2;
}

void print(const outcome& one) {
    std::cout << one.file.string() << '\n'
              << "  in memory before: " << exactly(one.before) << '\n'
              << "  in memory now:    " << exactly(one.after) << '\n';
    if (!one.problem.empty()) std::cout << "  " << one.problem << '\n';
    if (one.after == 0) return;
    if (!one.mappers.empty()) {
        std::cout << "  What stays is mapped by";
        for (const auto& who : one.mappers)
            std::cout << ' ' << who.name << " (pid " << who.pid << ')';
        std::cout << ", which still uses it.\n";
    } else if (one.after)
        std::cout << "  What stays is locked, not written back yet, or mapped by a process of another user.\n";
}

json to_json(const outcome& one) {
    const auto maybe = [](const auto& number) { return number ? json(*number) : json(); };
    auto mappers = json::array();
    for (const auto& who : one.mappers)
        mappers.push_back({{"pid", who.pid}, {"name", who.name}});
    return {{"file", one.file.string()},
            {"resident_before", maybe(one.before)},
            {"resident_after", maybe(one.after)},
            {"mapped_by", std::move(mappers)},
            {"problem", one.problem.empty() ? json() : json(one.problem)}};
}

} // namespace

int reclaim(const global_options& global, const reclaim_options& options) {
    auto files = result<std::vector<fs::path>>(std::vector<fs::path>());
    if (options.file.empty() && !options.pid && !options.port) {
        auto loaded = load_setup(global);
        if (!loaded) return report_mistakes(loaded.error());
        files = options.of_endpoint ? files_of_endpoint(loaded->config, options.model) : files_of(loaded->config);
    } else
        files = files_of(options);
    if (!files) return complain(files.error().message, exit_failure);
    if (options.only_if_tight && !is_tight(*files)) return exit_ok;
    std::vector<outcome> all;
    for (const auto& file : *files)
        all.push_back(reclaim_one(file));
    if (options.json) {
        auto list = json::array();
        for (const auto& one : all)
            list.push_back(to_json(one));
        const json out{{"files", std::move(list)}};
        std::cout << out.dump(2, ' ', false, json::error_handler_t::replace) << std::endl;
    } else {
        for (const auto& one : all)
            print(one);
        std::cout.flush();
    }
    return std::ranges::any_of(all, &outcome::failed) ? exit_failure : exit_ok;
}

} // namespace tw::cli
