// What a request says about tools: those it offers, those that were called before.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "front/api_request.hpp"
#include "front/fields.hpp"

namespace tw::front {

/// OpenAI's `tools`, `tool_choice` and `parallel_tool_calls`; Ollama's `tools` are the same. A function lies in a member of
/// its own, but in /v1/responses.
void read_tools(fields& in, api_request& out);
/// Anthropic's `tools` and `tool_choice`.
void read_anthropic_tools(fields& in, api_request& out);

/// One call: `function` has its name and arguments, and lies at `path`. Empty names after an error.
[[nodiscard]] tool_call read_call(fields& in, const std::string& path, const nlohmann::json& id,
                                  const nlohmann::json& function);

/// The calls of an assistant's message. Arguments are JSON in a string, as OpenAI has them, or as they are (Ollama).
[[nodiscard]] std::vector<tool_call> read_calls(fields& in, const std::string& path, const nlohmann::json& calls);

/// The offered tools as the pipeline takes them, with their members in the order that the client wrote them.
void resolve_tools(std::string_view body, api_request& out);

} // namespace tw::front
