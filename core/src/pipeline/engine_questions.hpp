// What a model that is loaded here says about its tokens and itself.
#pragma once

#include <optional>

#include "bridge/engine.hpp"
#include "pipeline/questions.hpp"

namespace tw {

// None for questions about something else. Any thread.
[[nodiscard]] std::optional<result<finding>> about_engine(const engine& model, const question& asked);

} // namespace tw
