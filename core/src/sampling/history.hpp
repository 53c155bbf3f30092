// The tokens before the one to choose, and how often each of them occurs, for the penalties.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace tw {

/// Counts are integers, so pushing and popping the same tokens always leads back to the same state.
/// Not thread-safe.
class token_history {
  public:
    using counts = std::unordered_map<std::int32_t, std::int32_t>;

    /// `last_n`: how many of the last tokens `recent` counts; -1 = all, 0 = none.
    explicit token_history(std::int32_t last_n);

    /// Forgets everything, then starts from these tokens.
    void prompt(std::span<const std::int32_t> tokens);
    void push(std::int32_t token);
    /// Takes back the last `n` pushed tokens; the prompt stays.
    void pop(std::size_t n);

    /// Occurrences among the last `last_n` tokens of prompt and output.
    [[nodiscard]] const counts& recent() const noexcept { return recent_; }
    /// Occurrences among the pushed tokens.
    [[nodiscard]] const counts& generated() const noexcept { return generated_; }

  private:
    void append(std::int32_t token);

    std::size_t window_;
    std::vector<std::int32_t> tokens_;
    std::size_t prompt_size_ = 0;
    counts recent_;
    counts generated_;
};

} // namespace tw
