// Lines with a prefix that no log has.
#include "commands/pool_voice.hpp"

#include <unistd.h>

#include "commands/terminal.hpp"
#include "pooled/pool_process.hpp"

namespace tw::cli {

void say(const std::string& line) {
    const auto whole = line + '\n';
    [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, whole.data(), whole.size());
}

std::string one_line(std::string text) {
    for (auto& c : text)
        if (c == '\n' || c == '\r') c = ' ';
    return text;
}

int give_up(const std::string& why, fault whose) {
    say((whose == fault::own ? pooled::line_failed : pooled::line_down) + one_line(why));
    return exit_failure;
}

} // namespace tw::cli
