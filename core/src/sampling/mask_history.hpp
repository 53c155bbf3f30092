// A mask that follows the tokens of an answer, and can go back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sampling/token_mask.hpp"

namespace tw {

/// Keeps a clone of every sixteenth place, the last few and the first: going back means accepting a
/// few tokens again. What the mask fails at is remembered, and it allows everything from then on.
/// Not thread-safe.
class mask_history {
  public:
    explicit mask_history(std::unique_ptr<token_mask> start);

    void push(std::int32_t token);
    void pop(std::size_t n);

    [[nodiscard]] bool allows(std::int32_t token);
    /// A flag for each of `tokens`, valid until the next call.
    [[nodiscard]] std::span<const std::uint8_t> allowed(std::span<const std::int32_t> tokens);
    /// -infinity in place of every logit whose token is not allowed.
    void forbid(std::span<float> logits);

    void fail_with(error why);
    [[nodiscard]] const std::optional<error>& failure() const noexcept { return failure_; }

  private:
    struct place {
        std::size_t length; // tokens before it
        std::unique_ptr<token_mask> mask;
    };
    void keep();

    std::unique_ptr<token_mask> current_;
    std::deque<place> places_;          // by length; the first is the beginning
    std::vector<std::int32_t> tokens_;  // pushed
    std::vector<std::int32_t> ids_;     // of a whole row
    std::vector<std::uint8_t> flags_;
    std::optional<error> failure_;
};

} // namespace tw
