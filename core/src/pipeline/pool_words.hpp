// What clients and the status are told of a pool, whatever holds its model.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "config/config.hpp"
#include "pipeline/pool_model.hpp"
#include "pooled/pool_process.hpp"

namespace tw {

// `why`: in place of what the report says, if it is not empty.
[[nodiscard]] error pool_is_down(const pool_config& pool, const pooled::process_report& report, std::string why = {});

// {name, state, why, pid, starts, progress, warnings, workers: [{name, device, protected}]}.
[[nodiscard]] nlohmann::json pool_json(const pool_config& pool, const pooled::process_report& report);

// {name, backend, file}.
[[nodiscard]] nlohmann::json model_json(const pool_model& model);

} // namespace tw
