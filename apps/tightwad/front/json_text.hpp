// JSON as one line of text.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace tw::front {

/// Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] inline std::string text_of(const nlohmann::ordered_json& json) {
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

} // namespace tw::front
