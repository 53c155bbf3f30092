// A question to a backend, waited for.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "bridge/backend.hpp"

namespace tw {

// backend::ask, on a thread that may block: the reply, or why there is none. Ends as `timed_out` after `within`, and as
// `cancelled` when it is to stop.
[[nodiscard]] result<std::string> ask_and_wait(backend& server, std::string what, std::string question_json,
                                               std::chrono::milliseconds within, const std::stop_token& stop);

} // namespace tw
