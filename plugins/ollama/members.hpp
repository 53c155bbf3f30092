// Members of what an Ollama says, where they are of the kind that is wanted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tightwad/sdk/json.hpp>

namespace ollama {

[[nodiscard]] inline std::optional<tw::sdk::json::value> member(const tw::sdk::json::value& from, std::string_view key,
                                                                tw::sdk::json::kind kind) {
    auto found = from.find(key);
    return found && found->kind() == kind ? found : std::nullopt;
}

// Empty where there is none.
[[nodiscard]] inline std::string text(const tw::sdk::json::value& from, std::string_view key) {
    const auto found = member(from, key, tw::sdk::json::kind::string);
    return found ? found->as_string() : std::string();
}

// -1 where there is none.
[[nodiscard]] inline std::int64_t number(const tw::sdk::json::value& from, std::string_view key) {
    const auto found = member(from, key, tw::sdk::json::kind::number);
    return found ? found->as_integer() : -1;
}

} // namespace ollama
