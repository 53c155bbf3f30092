// Chats as the JSON that crosses the contract.
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "scheduler/generation.hpp"

namespace tw {

// As OpenAI has a call.
[[nodiscard]] inline nlohmann::ordered_json to_json(const tool_call& call) {
    return {{"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}};
}

[[nodiscard]] inline nlohmann::ordered_json to_json(const std::vector<chat_message>& messages) {
    auto out = nlohmann::ordered_json::array();
    for (const auto& message : messages) {
        nlohmann::ordered_json one{{"role", message.role}, {"content", message.content}};
        if (!message.parts.empty()) one["content"] = nlohmann::ordered_json::parse(message.parts);
        for (const auto& call : message.calls) one["tool_calls"].push_back(to_json(call));
        if (!message.call_id.empty()) one["tool_call_id"] = message.call_id;
        if (!message.tool.empty()) one["name"] = message.tool;
        out.push_back(std::move(one));
    }
    return out;
}

// As abi/ext/chat.h has a request.
[[nodiscard]] inline nlohmann::ordered_json to_json(const std::vector<chat_message>& messages, const tool_use& tools) {
    nlohmann::ordered_json out{{"messages", to_json(messages)}};
    if (tools.functions.empty()) return out;
    out["tools"] = nlohmann::ordered_json::parse(tools.functions);
    out["tool_choice"] = tools.required ? "required" : "auto";
    out["parallel_tool_calls"] = tools.parallel;
    return out;
}

} // namespace tw
