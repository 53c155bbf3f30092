// Which of several idle caches a prompt takes, at the target and at a drafter alike.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "speculation/prefix.hpp"

namespace tw {

// The cache that a prompt goes on from, the longest of those; else an empty one; else the one used longest ago. A prompt goes
// on from a cache when all that was asked there is shared, or most of what the cache holds. Else another conversation would
// be cut off, which has to be read again when it comes back, perhaps in every turn; reading what is shared into a cache of
// its own is paid once.
class cache_choice {
  public:
    // Of the tokens `held`, a prompt had `asked`; a larger `used_at` is later.
    cache_choice(std::span<const std::int32_t> held, std::size_t asked, std::uint64_t used_at,
                 std::span<const std::int32_t> prompt)
        : empty_(held.empty()), used_at_(used_at) {
        if (prompt.empty()) return;
        const auto same = common_prefix(held, prompt.first(prompt.size() - 1));
        if (same >= std::min(worth_reusing, held.size())) shared_ = same;
        continues_ = shared_ > 0 && (shared_ + 1 >= asked || held.size() - shared_ <= shared_);
    }

    // Tokens of the prompt that need not be read again; at least its last one is.
    [[nodiscard]] std::size_t shared() const { return shared_; }

    [[nodiscard]] bool better(const cache_choice& other) const {
        if (continues_ != other.continues_) return continues_;
        if (continues_ && shared_ != other.shared_) return shared_ > other.shared_;
        if (empty_ != other.empty_) return empty_;
        return used_at_ < other.used_at_;
    }

  private:
    // A shorter agreement is a common beginning of all texts rather than one text.
    static constexpr std::size_t worth_reusing = 8;

    std::size_t shared_ = 0;
    bool continues_ = false, empty_;
    std::uint64_t used_at_;
};

} // namespace tw
