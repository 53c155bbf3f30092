// When a server advises to come back.
#pragma once

#include <chrono>
#include <string>

namespace tw::net {

// The value of a Retry-After header: seconds, or a date in GMT compared with `now`. 0 for what is neither; never
// negative, at most a day.
[[nodiscard]] std::chrono::milliseconds read_retry_after(const std::string& value,
                                                         std::chrono::system_clock::time_point now);

} // namespace tw::net
