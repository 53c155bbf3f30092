// `tightwad plugins`: what was found, and why the rest was refused.
#include <iostream>

#include <nlohmann/json.hpp>
#include <tightwad/abi/draft/continuation.h>
#include <tightwad/abi/draft/ranking.h>
#include <tightwad/abi/ext/backend.h>
#include <tightwad/abi/ext/chat.h>
#include <tightwad/abi/ext/chat_template.h>
#include <tightwad/abi/ext/embedding.h>
#include <tightwad/abi/ext/engine.h>
#include <tightwad/abi/ext/grammar.h>
#include <tightwad/abi/ext/pass.h>
#include <tightwad/abi/ext/question.h>
#include <tightwad/abi/ext/verifier.h>
#include <unistd.h>

#include "commands/commands.hpp"
#include "commands/setup.hpp"
#include "commands/terminal.hpp"

namespace tw::cli {
namespace {

std::vector<std::string> interfaces_of(const plugin& one) {
    std::vector<std::string> found;
    for (const char* id : {TW_ENGINE_V1, TW_BACKEND_V1, TW_GRAMMAR_V1, TW_CHAT_V1, TW_EMBEDDING_V1,
                           TW_RANKING_V1, TW_QUESTION_V1, TW_PASS_V1, TW_CONTINUATION_V1, TW_VERIFIER_V1,
                           TW_CHAT_TEMPLATE_V1})
        if (one.query(id) != nullptr) found.emplace_back(id);
    return found;
}

int print_json(const registry& plugins) {
    auto out = nlohmann::ordered_json{{"plugins", nlohmann::json::array()},
                                      {"refused", nlohmann::json::array()},
                                      {"searched", nlohmann::json::array()}};
    for (const auto* one : plugins.plugins())
        out["plugins"].push_back({{"id", one->id},
                                  {"version", one->version},
                                  {"summary", one->summary},
                                  {"path", one->path.string()},
                                  {"sha256", one->sha256},
                                  {"interfaces", interfaces_of(*one)}});
    for (const auto& one : plugins.refusals())
        out["refused"].push_back({{"path", one.path.string()}, {"why", one.why}});
    for (const auto& folder : plugins.searched()) out["searched"].push_back(folder.string());
    std::cout << out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
    return exit_ok;
}

} // namespace

int list_plugins(const global_options& global, bool json) {
    const auto plugins = scan_plugins(global);
    if (json) return print_json(plugins);
    if (!plugins.plugins().empty()) {
        std::vector<std::vector<std::string>> rows{{"PLUGIN", "VERSION", "OFFERS", "WHAT IT IS", "FILE"}};
        for (const auto* one : plugins.plugins()) {
            std::string offers;
            for (const auto& id : interfaces_of(*one))
                offers += (offers.empty() ? "" : ", ") + id.substr(id.find('.') + 1);
            rows.push_back({one->id, one->version, offers, one->summary, one->path.string()});
        }
        print_table(rows);
    }
    for (const auto& one : plugins.refusals())
        std::cout << paint(STDOUT_FILENO, tint::yellow, "refused") << "  " << one.path.string() << ": "
                  << one.why << '\n';
    if (plugins.plugins().empty()) {
        std::cout << "No plugins were found; searched:\n";
        for (const auto& folder : plugins.searched()) std::cout << "  " << folder.string() << '\n';
        std::cout << "Name a folder with --plugins-dir DIR.\n";
    }
    std::cout.flush();
    return exit_ok;
}

} // namespace tw::cli
