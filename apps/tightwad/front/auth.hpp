// Who may ask: the bearer token.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "front/http_types.hpp"

namespace tw::front {

/// Keeps only the token's SHA-256. The time a check takes does not depend on where a guess is
/// wrong.
class authorizer {
  public:
    explicit authorizer(const std::optional<std::string>& token);

    /// By `Authorization: Bearer TOKEN` (scheme in any case) or `x-api-key: TOKEN`; bytes, any
    /// bytes.
    [[nodiscard]] bool allows(const request_head& head) const;

  private:
    using digest = std::array<unsigned char, 32>;
    static digest hash(std::string_view bytes);
    [[nodiscard]] bool matches(std::string_view guess) const;

    std::optional<digest> token_;
};

} // namespace tw::front
