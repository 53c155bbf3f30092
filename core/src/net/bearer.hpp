// The shared secret of an `Authorization: Bearer` header, kept and compared as a digest.
#pragma once

#include <array>
#include <string_view>

namespace tw::net {

// Keeps only the token's SHA-256. The time a check takes does not depend on where a guess is wrong.
class bearer_token {
  public:
    explicit bearer_token(std::string_view token);

    // Bytes, any bytes. Any thread.
    [[nodiscard]] bool matches(std::string_view guess) const;

  private:
    std::array<unsigned char, 32> digest_;
};

// What follows "Bearer " (in any case) in an Authorization header; empty for another scheme.
[[nodiscard]] std::string_view bearer_of(std::string_view authorization);

} // namespace tw::net
