// What `tightwad status` says of the pools behind the pipelines.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace tw::cli {

// `pipeline`: one of /v1/tightwad/status. A paragraph for each pool that one of its targets lies over: is it up, why not,
// who are its workers. Empty where there is none. JSON of another version is read as far as it goes.
[[nodiscard]] std::string pool_text(const nlohmann::json& pipeline);

// How the pool of such a pipeline is, and where its output layer lies or what holds its model.
[[nodiscard]] std::string pool_state_text(const nlohmann::json& pool);

} // namespace tw::cli
