// JSON escapes what TOML wants escaped, but for one character.
#include "config/toml_text.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace tw {

std::string toml_string(const std::string& text) {
    auto out = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    for (auto at = out.find('\x7F'); at != std::string::npos; at = out.find('\x7F', at))
        out.replace(at, 1, "\\u007F");
    return out;
}

std::string toml_key(const std::string& name) {
    const bool bare = !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    return bare ? name : toml_string(name);
}

} // namespace tw
