// One hash that says whether two models speak the same tokens.
#pragma once

#include <string>
#include <vector>

#include "bridge/engine.hpp"

namespace tw {

// See engine::vocabulary_digest.
[[nodiscard]] std::string digest_vocabulary(const engine_info& info,
                                            const std::vector<engine::token_info>& vocabulary);

} // namespace tw
