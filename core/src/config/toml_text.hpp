// Values as a TOML file holds them, for what writes configurations.
#pragma once

#include <string>

namespace tw {

// A string in its quotes. What is no UTF-8 becomes U+FFFD.
[[nodiscard]] std::string toml_string(const std::string& text);

// A key, in quotes only where it needs them.
[[nodiscard]] std::string toml_key(const std::string& name);

} // namespace tw
