// Tool calls for a model whose template has no form for them: one JSON object, held to by a grammar.
#pragma once

#include <string>

#include <tightwad/sdk/json.hpp>

namespace llamacpp {

// The messages of a chat request, as JSON, in which the tools are told in words, and earlier calls and their results
// are text. Without tools only the latter.
[[nodiscard]] std::string told_in_json(const tw::sdk::json::value& request);

// The JSON schema of one call of one of the tools.
[[nodiscard]] std::string schema_of_calls(const tw::sdk::json::value& tools);

} // namespace llamacpp
