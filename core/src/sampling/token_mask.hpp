// Which tokens may come next in an answer that must follow a grammar.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/error.hpp"

namespace tw {

/// One place in one answer. Not thread-safe; a clone is independent.
class token_mask {
  public:
    virtual ~token_mask() = default;
    [[nodiscard]] virtual result<std::unique_ptr<token_mask>> clone() const = 0;
    /// 1 into `out` for each token that may come next, else 0. Both are equally long.
    [[nodiscard]] virtual result<void> allowed(std::span<const std::int32_t> tokens,
                                               std::span<std::uint8_t> out) const = 0;
    /// `token` comes next; it is allowed here.
    [[nodiscard]] virtual result<void> accept(std::int32_t token) = 0;
};

} // namespace tw
