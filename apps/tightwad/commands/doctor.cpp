// `tightwad doctor`: looks at everything a configuration needs, here and elsewhere, and says what is wrong; changes nothing.
#include <algorithm>
#include <array>
#include <iostream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "commands/commands.hpp"
#include "commands/doctor_checks.hpp"
#include "commands/terminal.hpp"

namespace tw::cli {
namespace {

struct word {
    const char* text;
    tint colour;
};
constexpr std::array<word, 4> words{{{"ok", tint::green}, {"warn", tint::yellow}, {"fail", tint::red}, {"skip", tint::dim}}};

word word_of(verdict how) { return words[static_cast<std::size_t>(how)]; }

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

void print(const std::vector<finding>& all) {
    std::size_t width = 0;
    for (const auto& one : all) width = std::max(width, one.what.size());
    for (const auto& one : all)
        std::cout << paint(STDOUT_FILENO, word_of(one.how).colour, padded(word_of(one.how).text, 4)) << "  "
                  << padded(one.what, width) << "  " << one.says << '\n';
    const auto count = [&](verdict how) { return std::ranges::count(all, how, &finding::how); };
    std::cout << count(verdict::fail) << " failed, " << count(verdict::warn) << " to look at, " << count(verdict::ok)
              << " good." << std::endl;
}

void print_json(const std::vector<finding>& all, bool passed) {
    nlohmann::ordered_json out{{"passed", passed}, {"checks", nlohmann::json::array()}};
    for (const auto& one : all)
        out["checks"].push_back({{"what", one.what}, {"verdict", word_of(one.how).text}, {"says", one.says}});
    std::cout << out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
}

} // namespace

int doctor(const global_options& global, bool json) {
    log_to_stderr("error");
    std::vector<finding> all;
    if (const auto what = load_setup(global)) {
        look_here(*what, all);
        look_around(*what, all);
    } else {
        for (const auto& mistake : what.error()) all.push_back({"configuration", verdict::fail, to_string(mistake)});
    }
    const bool passed = std::ranges::none_of(all, [](const auto& one) { return one.how == verdict::fail; });
    if (json) print_json(all, passed);
    else print(all);
    return passed ? exit_ok : exit_failure;
}

} // namespace tw::cli
