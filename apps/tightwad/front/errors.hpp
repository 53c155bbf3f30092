// From what went wrong to what an OpenAI client is told: one table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "front/http_types.hpp"

namespace tw::front {

/// The HTTP status of a code.
[[nodiscard]] unsigned http_status(tw::code code);

[[nodiscard]] problem problem_of(const tw::error& failure);

/// How an API words errors, in a body or in a stream.
enum class dialect {
    openai,    // {"error": {message, type, param, code}}
    anthropic, // {"type": "error", "error": {type, message}}
    ollama,    // {"error": message}
};
/// By the path of a request, with or without a query.
[[nodiscard]] dialect dialect_of(std::string_view target);
/// One line of JSON.
[[nodiscard]] std::string error_body(dialect as, const problem& what);

/// The whole reply: status, OpenAI's body, Retry-After where it belongs.
[[nodiscard]] reply error_reply(const tw::error& failure);

/// The client's token is missing or wrong.
[[nodiscard]] reply unauthorized(std::string message);

/// For what only HTTP knows: 405, 408, 413, 431 and the like. `code` is the machine-readable word.
[[nodiscard]] reply http_error(unsigned status, std::string message, std::string code);

/// A served model was asked for by a name nobody serves.
[[nodiscard]] reply model_not_found(const std::string& model,
                                    const std::vector<std::string>& known);

} // namespace tw::front
