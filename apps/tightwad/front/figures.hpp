// Our own figures, which every API's answer carries under "tightwad".
#pragma once

#include <span>

#include <nlohmann/json_fwd.hpp>

#include "front/answer_writer.hpp"

namespace tw::front {

/// Seed, rounds, drafts, rates and times of all answers together; at least one.
[[nodiscard]] nlohmann::ordered_json figures(std::span<const choice> choices);

} // namespace tw::front
