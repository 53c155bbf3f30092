// `tightwad check`: all that can be known about a configuration without loading a model.
#include <iostream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "commands/commands.hpp"
#include "commands/peer_setup.hpp"
#include "commands/setup.hpp"
#include "commands/terminal.hpp"
#include "pipeline/build.hpp"

namespace tw::cli {
namespace {

int print_json(const std::vector<diagnostic>& mistakes) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& mistake : mistakes)
        list.push_back({{"file", mistake.at.file},
                        {"line", mistake.at.line},
                        {"column", mistake.at.column},
                        {"message", mistake.message}});
    const nlohmann::ordered_json out{{"ok", mistakes.empty()}, {"mistakes", std::move(list)}};
    std::cout << out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
    return mistakes.empty() ? exit_ok : exit_usage;
}

std::string counted(std::size_t n, const char* what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

} // namespace

int check(const global_options& global, bool json) {
    const auto loaded = load_setup(global);
    std::vector<diagnostic> mistakes;
    if (loaded) mistakes = check_pipelines(loaded->config, loaded->plugins);
    else mistakes = loaded.error();
    if (json) return print_json(mistakes);
    if (!mistakes.empty()) return report_mistakes(mistakes);
    const auto& config = loaded->config;
    std::cout << paint(STDOUT_FILENO, tint::green, "good") << "  " << config.path.string() << ": "
              << counted(config.pipelines.size(), "pipeline") << " over " << counted(config.nodes.size(), "backend");
    if (!config.pipelines.empty()) std::cout << ", to be served at " << config.server.url();
    if (const auto& peer = config.peer)
        std::cout << "; a peer at " << peer_url(peer->host, peer->port, peer->uses_tls()) << " with "
                  << counted(peer->drafts.size(), "drafter") << " and " << counted(peer->targets.size(), "target");
    std::cout << std::endl;
    return exit_ok;
}

} // namespace tw::cli
