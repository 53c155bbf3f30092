// `tightwad check`: all that can be known about a configuration without loading a model.
#include <iostream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "commands/commands.hpp"
#include "commands/peer_setup.hpp"
#include "commands/setup.hpp"
#include "commands/terminal.hpp"
#include "pipeline/check.hpp"

namespace tw::cli {
namespace {

nlohmann::ordered_json list_of(const std::vector<diagnostic>& all) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& each : all)
        list.push_back({{"file", each.at.file},
                        {"line", each.at.line},
                        {"column", each.at.column},
                        {"message", each.message}});
    return list;
}

int print_json(const std::vector<diagnostic>& mistakes, const std::vector<diagnostic>& warnings) {
    const nlohmann::ordered_json out{{"ok", mistakes.empty()},
                                     {"mistakes", list_of(mistakes)},
                                     {"warnings", list_of(warnings)}};
    std::cout << out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
    return mistakes.empty() ? exit_ok : exit_usage;
}

std::string counted(std::size_t n, const char* what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

} // namespace

int check(const global_options& global, bool json) {
    const auto loaded = load_setup(global);
    std::vector<diagnostic> mistakes, warnings;
    if (loaded) {
        mistakes = check_pipelines(loaded->config, loaded->plugins);
        warnings = unencrypted_links(loaded->config);
        const auto remarks = environment_remarks(loaded->config);
        warnings.insert(warnings.end(), remarks.begin(), remarks.end());
    } else {
        mistakes = loaded.error();
    }
    if (json) return print_json(mistakes, warnings);
    report_warnings(warnings);
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
