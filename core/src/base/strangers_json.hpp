// A stranger's JSON whose members keep their order.
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "base/json_depth.hpp"

namespace tw {

// Discarded where it is no JSON, nests deeper than max_json_depth, or has an object of more than max_ordered_members: an
// ordered object is searched from its beginning for every member.
[[nodiscard]] inline nlohmann::ordered_json parse_ordered(std::string_view text) {
    using json = nlohmann::ordered_json;
    if (json_wider_than(text, max_ordered_members)) return json(json::value_t::discarded);
    return json::parse(text, nullptr, false);
}

} // namespace tw
