// A stranger's bytes as a JSON object, or a sentence about what they are instead.
#pragma once

#include <optional>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/error.hpp"

namespace tw::front {

/// Deeper nesting is refused: no OpenAI request comes near it, and copying or printing a JSON value
/// takes stack for every level.
inline constexpr int max_json_depth = 64;

/// Parses into `out`. An error names the field before the fault in `param`, when there is one.
[[nodiscard]] std::optional<error> parse_body(std::string_view body, nlohmann::json& out);

} // namespace tw::front
