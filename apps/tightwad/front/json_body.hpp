// A stranger's bytes as a JSON object, or a sentence about what they are instead.
#pragma once

#include <optional>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/error.hpp"

namespace tw::front {

/// Parses into `out`. An error names the field before the fault in `param`, when there is one.
[[nodiscard]] std::optional<error> parse_body(std::string_view body, nlohmann::json& out);

} // namespace tw::front
