// A port for a program that must be told which one to listen on.
#pragma once

#include <cstdint>

namespace tw::net {

// One that nobody uses on 127.0.0.1 now; another program may be faster. 0 = there is none.
[[nodiscard]] std::uint16_t free_port();

} // namespace tw::net
