// What a server that has defaults of its own is told, in the client's own words.
#pragma once

#include <string>

#include "front/fields.hpp"

namespace tw::front {

/// Of the object that says how tokens are chosen, those fields, as JSON; empty when it names none. With `others` also
/// every field that nobody here knows, unless it has more than 64 KiB or nests deeper than 32 levels. Read after the
/// fields are known to be sound.
[[nodiscard]] std::string said_in(const fields& in, bool others);

} // namespace tw::front
