// Chat messages as the JSON that crosses the contract.
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "scheduler/generation.hpp"

namespace tw {

[[nodiscard]] inline nlohmann::json to_json(const std::vector<chat_message>& messages) {
    auto out = nlohmann::json::array();
    for (const auto& message : messages) out.push_back({{"role", message.role}, {"content", message.content}});
    return out;
}

} // namespace tw
