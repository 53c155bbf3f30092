// What a drafter holds of one answer: the tokens it was told are committed, and behind them those it drafted.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "speculation/messages.hpp"

namespace tw {

// Not thread-safe.
class drafted_text {
  public:
    explicit drafted_text(std::vector<std::int32_t> prompt);

    enum class outcome {
        kept,      // what was drafted stands, as far as it is not committed now
        overtaken, // likewise, and more is committed: nothing drafted is left
        corrected, // the answer went on otherwise: nothing drafted is left
        lost,      // the order follows a text that is not the one held here; this one is of no more use
    };
    // The order's prefix is committed.
    [[nodiscard]] outcome follow(const draft_order& order);
    void append(proposal drafted);

    [[nodiscard]] const std::vector<std::int32_t>& tokens() const { return tokens_; } // committed, then drafted
    [[nodiscard]] std::size_t committed() const { return tokens_.size() - grades_.size(); }
    [[nodiscard]] std::size_t drafted() const { return grades_.size(); }

    // The drafted tokens from number `from` up to `to`, as a batch of this order says them.
    [[nodiscard]] draft_batch batch(const draft_order& order, std::size_t from, std::size_t to) const;

    // How many drafted tokens the order wants: as long as the chance that all of them stand is not below its floor. Those
    // that are not drafted yet are taken to stand with the chance `usual`.
    [[nodiscard]] std::size_t wanted(const draft_order& order, const std::array<float, grades>& chance, float usual) const;

  private:
    std::vector<std::int32_t> tokens_;
    std::vector<prefix_digest> digests_{empty_prefix}; // [i] = of tokens_[0 … i)
    std::vector<grade> grades_;                        // of the drafted tokens
};

} // namespace tw
