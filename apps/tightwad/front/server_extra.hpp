// What a server says of its answer that only its own clients know.
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

namespace tw::front {

/// Members by the place of an OpenAI chunk where they stand; each an object, or null where nothing was said.
struct server_extra {
    nlohmann::ordered_json answer, choice, delta, usage;

    /// As generation_sink::extra has it.
    [[nodiscard]] static server_extra of(std::string_view json);

    /// Of the delta pieces add up as OpenAI's own clients have it: texts are appended, items of lists by their `index`,
    /// objects member by member. So do a choice's lists. Of other members the last holds, and of so many of a place as no
    /// server has.
    void add(server_extra more);

    /// Leaves what holds for the whole answer.
    void drop_pieces();
};

/// Members of `from`, an object or null, that `into` lacks or has as null, likewise in their objects.
void put_missing(nlohmann::ordered_json& into, const nlohmann::ordered_json& from);

} // namespace tw::front
