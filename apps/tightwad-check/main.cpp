// tightwad-check: judges a plugin, one child process per case, one sentence per verdict.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cases.hpp"
#include "child.hpp"

namespace {

using tw::check::all_cases;
using tw::check::conformance_case;
using tw::check::subject;
using tw::testkit::verdict;

const char* word(verdict::kind kind) {
    return kind == verdict::kind::passed   ? "ok"
           : kind == verdict::kind::failed ? "FAILED"
                                           : "skipped";
}

struct judged {
    const conformance_case* which;
    verdict said;
};

std::vector<judged> judge(const subject& what, const std::vector<std::string>& wanted,
                          std::chrono::seconds limit) {
    std::vector<judged> out;
    const conformance_case* closed = nullptr;
    for (const auto& one : all_cases()) {
        if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), one.name) == wanted.end())
            continue;
        auto said =
            closed == nullptr
                ? tw::check::run_in_child(one, what, limit)
                : tw::testkit::skipped("The case " + std::string(closed->name) + " failed.");
        if (said.result == verdict::kind::failed && one.opens_the_rest) closed = &one;
        out.push_back({&one, std::move(said)});
    }
    return out;
}

void print(const std::vector<judged>& verdicts, const subject& what, bool json) {
    if (!json) {
        for (const auto& [which, said] : verdicts)
            std::cout << (std::string(word(said.result)) + "       ").substr(0, 9)
                      << (std::string(which->name) + "         ").substr(0, 10) << said.sentence
                      << '\n';
        return;
    }
    nlohmann::ordered_json out{{"plugin", what.file.string()}, {"cases", nlohmann::json::array()}};
    for (const auto& [which, said] : verdicts)
        out["cases"].push_back(
            {{"case", which->name}, {"verdict", word(said.result)}, {"sentence", said.sentence}});
    std::cout << out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Judges a Tightwad plugin: one child process per case, one sentence per verdict."};
    subject what;
    std::string file;
    std::vector<std::string> wanted, dirs;
    int seconds = 60, report_fd = -1;
    bool json = false, list = false;
    app.add_option("plugin", file, "the plugin's file, NAME.so");
    app.add_option("--case", wanted, "only this case; may be repeated");
    app.add_option("--config", what.config,
                   "the instance's table as JSON, for cases that need an instance");
    app.add_option("--sha256", what.sha256, "the digest the file should have");
    app.add_option("--plugins-dir", dirs, "a folder in which its id must not be taken");
    app.add_option("--timeout", seconds, "seconds that one case may take")
        ->check(CLI::Range(1, 86400));
    app.add_flag("--json", json, "verdicts as JSON");
    app.add_flag("--list", list, "name the cases and end");
    app.add_option("--report-fd", report_fd, "where a child writes its verdict")->group("");
    CLI11_PARSE(app, argc, argv);

    if (list) {
        for (const auto& one : all_cases())
            std::cout << (std::string(one.name) + "         ").substr(0, 10) << one.what << '\n';
        return 0;
    }
    if (file.empty()) {
        std::cerr << "Name the plugin to judge, e.g. tightwad-check build/echo.so\n";
        return 2;
    }
    for (const auto& name : wanted)
        if (std::none_of(all_cases().begin(), all_cases().end(),
                         [&](const auto& c) { return c.name == name; })) {
            std::cerr << "There is no case \"" << name << "\"; tightwad-check --list names them.\n";
            return 2;
        }
    what.file = std::filesystem::absolute(file);
    what.plugins_dirs.assign(dirs.begin(), dirs.end());
    if (report_fd >= 0)
        return tw::check::run_here(wanted.empty() ? "" : wanted.front(), what, report_fd);

    const auto verdicts = judge(what, wanted, std::chrono::seconds{seconds});
    print(verdicts, what, json);
    const auto bad = std::count_if(verdicts.begin(), verdicts.end(), [](const auto& one) {
        return one.said.result == verdict::kind::failed;
    });
    return bad == 0 ? 0 : 1;
}
