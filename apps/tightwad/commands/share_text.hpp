// Who holds what of a model, as a table and as JSON.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "plan/layer_split.hpp"

namespace tw::cli {

// "0-3, 7", rising.
[[nodiscard]] std::string ranges(std::vector<std::size_t> numbers, const std::string& between = ", ");

// With a heading, for print_table().
[[nodiscard]] std::vector<std::vector<std::string>> share_rows(const std::vector<plan::share>& shares);
[[nodiscard]] nlohmann::ordered_json shares_json(const std::vector<plan::share>& shares);

} // namespace tw::cli
