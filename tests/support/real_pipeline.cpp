// Real models, wired as `tightwad serve` wires them.
#include "support/real_pipeline.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "pipeline/build.hpp"
#include "pipeline/check.hpp"

namespace bench {
namespace {

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(2);
}

tw::node_config node(const std::string& name, const std::string& path, int slots, int threads) {
    return {.interface = "backend", .name = name, .plugin = "llamacpp", .sha256 = {},
            .options_json = nlohmann::json{{"model_path", path}, {"slots", slots}, {"threads", threads}}.dump(), .secrets = {}, .peer = {}, .at = {}};
}

} // namespace

bool equal(const answer& a, const answer& b) {
    return a.result.reason == b.result.reason && a.result.tokens == b.result.tokens &&
           a.result.logits_digests == b.result.logits_digests && a.text == b.text;
}

std::shared_ptr<tw::pipeline> load_pair(const std::string& target, const std::string& draft, int slots,
                                        int draft_length, int threads) {
    spdlog::set_level(spdlog::level::warn);
    static const auto plugins = tw::registry::scan(tw::search_path::from({TW_PLUGIN_DIR}));
    tw::configuration config;
    config.nodes = {node("target", target, slots, threads), node("draft", draft, slots, threads)};
    config.pipelines = {{.name = "bench", .serves = {"bench"}, .draft = {"draft"}, .target = "target",
                         .replicas = {}, .draft_fallback = {},
                         .max_draft_tokens = draft_length, .always_draft = true, .fallback = false, .queue = 100000, .at = {}}};
    for (const auto& mistake : tw::check_pipelines(config, plugins)) give_up(mistake.message);
    auto built = tw::build_pipelines(config, plugins, [](float) { return true; });
    if (!built) give_up(built.error().message);
    return built->front();
}

std::shared_ptr<collector> begin(tw::pipeline& models, const tw::generation_request& request) {
    auto sink = std::make_shared<collector>();
    const auto started = models.start(request, sink);
    if (!started) give_up(started.error().message);
    return sink;
}

answer ask(tw::pipeline& models, const tw::generation_request& request) { return begin(models, request)->wait(); }

std::vector<std::string> read_lines(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
        if (!line.empty()) lines.push_back(line);
    return lines;
}

void progress(const std::string& what, std::size_t done, std::size_t all) {
    if (isatty(STDERR_FILENO)) std::fprintf(stderr, "\r\033[K%s %zu/%zu", what.c_str(), done, all);
}

} // namespace bench
