// Who may ask: the bearer token.
#pragma once

#include <optional>
#include <string>

#include "front/http_types.hpp"
#include "net/bearer.hpp"

namespace tw::front {

class authorizer {
  public:
    explicit authorizer(const std::optional<std::string>& token);

    /// By `Authorization: Bearer TOKEN` (scheme in any case) or `x-api-key: TOKEN`; bytes, any
    /// bytes.
    [[nodiscard]] bool allows(const request_head& head) const;

  private:
    std::optional<net::bearer_token> token_;
};

} // namespace tw::front
