// Members of what an Ollama says, where they are of the kind that is wanted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tightwad/sdk/json.hpp>

namespace ollama {

// Empty where there is none.
[[nodiscard]] inline std::string text(const tw::sdk::json::value& from, std::string_view key) {
    const auto found = from.find(key, tw::sdk::json::kind::string);
    return found ? found->as_string() : std::string();
}

// -1 where there is none.
[[nodiscard]] inline std::int64_t number(const tw::sdk::json::value& from, std::string_view key) {
    const auto found = from.find(key, tw::sdk::json::kind::number);
    return found ? found->as_integer() : -1;
}

} // namespace ollama
