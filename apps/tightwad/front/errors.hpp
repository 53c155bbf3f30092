// From what went wrong to what an OpenAI client is told: one table.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/error.hpp"
#include "front/http_types.hpp"

namespace tw::front {

/// The HTTP status of a code.
[[nodiscard]] unsigned http_status(tw::code code);

/// {"error": {message, type, param, code}}, the form of every error, in a body or in a stream.
[[nodiscard]] nlohmann::ordered_json error_object(const tw::error& failure);

/// The whole reply: status, body, Retry-After or WWW-Authenticate where they belong.
[[nodiscard]] reply error_reply(const tw::error& failure);

/// For what only HTTP knows: 405, 408, 413, 431 and the like. `code` is the machine-readable word.
[[nodiscard]] reply http_error(unsigned status, std::string message, std::string code);

/// A served model was asked for by a name nobody serves.
[[nodiscard]] reply model_not_found(const std::string& model,
                                    const std::vector<std::string>& known);

} // namespace tw::front
