// The model that the command line names, in the place of the configured one.
#pragma once

#include <string>

#include "config/config.hpp"

namespace tw::cli {

// Changes the target of the only pipeline, or of the only one over a pool. `model`: a [backend.NAME], or as model_path is
// written, relative to this folder; such a file gets the settings of the backend that was the target. Errors name what
// there is.
[[nodiscard]] result<void> choose_model(configuration& config, const std::string& model);

} // namespace tw::cli
