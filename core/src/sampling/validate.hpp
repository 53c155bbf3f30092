// Refuses sampler settings that mean nothing.
#pragma once

#include "base/error.hpp"
#include "sampling/params.hpp"

#include <cstdint>

namespace tw {

/// `invalid_argument` names the field (`error::param`), its value and the remedy. NaN is refused
/// everywhere; -infinity only as a logit bias, where it bans the token.
[[nodiscard]] result<void> validate(const sampling_params& params, std::int32_t n_vocab);

} // namespace tw
