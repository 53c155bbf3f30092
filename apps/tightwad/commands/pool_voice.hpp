// What the process of a pool says of itself to the endpoint, on its stdout.
#pragma once

#include <string>

namespace tw::cli {

// A line, past everything that buffers: the process may end at once.
void say(const std::string& line);

// The text with its line breaks as blanks.
[[nodiscard]] std::string one_line(std::string text);

enum class fault { of_a_worker, own };

// Says why the process ends; the exit code to end it with.
[[nodiscard]] int give_up(const std::string& why, fault whose);

} // namespace tw::cli
