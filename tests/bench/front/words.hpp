// What the stub says and the load expects.
#pragma once

#include <string>

namespace tw::bench {

// The n-th piece of an answer.
inline std::string word(int n) { return " w" + std::to_string(n); }

} // namespace tw::bench
