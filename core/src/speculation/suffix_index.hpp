// Finds where a text has said the last few tokens before, and so what may come next.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "speculation/messages.hpp"

namespace tw {

// Hash chains over pairs of tokens, as LZ77 compressors keep them: appending is constant time, finding
// looks at the most recent places where the last two tokens stood. Not thread-safe.
class suffix_index {
  public:
    struct match {
        std::size_t next = 0;   // index of the token that followed; size() when there is none
        std::size_t length = 0; // tokens that agree before it; 0 = no match
    };

    void append(std::int32_t token);
    void append(std::span<const std::int32_t> tokens);

    // The longest agreement with the end of `context`, the most recent among equals; the end of the
    // indexed text itself does not count. Agreements beyond `longest_match` are not told apart.
    [[nodiscard]] match find(std::span<const std::int32_t> context) const;

    [[nodiscard]] std::size_t size() const { return text_.size(); }
    [[nodiscard]] std::int32_t operator[](std::size_t i) const { return text_[i]; }

    static constexpr std::size_t longest_match = 64;

  private:
    static constexpr int most_places = 64;

    std::vector<std::int32_t> text_;
    std::vector<std::int32_t> earlier_;                    // per index, the one before it of the same pair; -1 = none
    std::unordered_map<std::uint64_t, std::int32_t> last_; // pair -> index of the token behind it
};

// The confidence class of a match: 2 tokens are little, 32 are nearly certain.
[[nodiscard]] grade grade_of_match(std::size_t length);

} // namespace tw
