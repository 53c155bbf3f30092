// Random names for requests and answers, and seeds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tw::front {

/// `prefix` and 24 random letters and digits.
[[nodiscard]] std::string random_id(std::string_view prefix);

/// Below 2^53, so that it survives a client whose numbers are doubles.
[[nodiscard]] std::uint64_t random_seed();

} // namespace tw::front
