// Whether drafting has really paid lately: the guard behind every estimate.
#pragma once

#include <algorithm>
#include <cstddef>

namespace tw {

// Compares what rounds with drafts yielded with what plain steps would have. When it was less, drafting
// pauses, twice as long each time. Not thread-safe.
class gain {
  public:
    [[nodiscard]] bool paused() const { return pause_ > 0; }

    // A round without drafts went by.
    void plain() {
        if (pause_ > 0) --pause_;
    }

    // A round with drafts: it yielded `tokens` in `seconds`, where plain steps yield `plain_rate` a second.
    void drafted(double tokens, double seconds, double plain_rate) {
        constexpr double memory = 0.95;
        tokens_ = memory * tokens_ + tokens;
        instead_ = memory * instead_ + seconds * plain_rate;
        rounds_ = memory * rounds_ + 1;
        if (rounds_ < enough) return;
        if (tokens_ > 1.05 * instead_) level_ = 0;
        if (tokens_ >= instead_) return;
        pause_ = first_pause << level_;
        level_ = std::min(level_ + 1, 5);
        tokens_ = instead_ = rounds_ = 0;
    }

  private:
    static constexpr double enough = 6;
    static constexpr std::size_t first_pause = 24;

    double tokens_ = 0, instead_ = 0, rounds_ = 0;
    std::size_t pause_ = 0; // rounds
    int level_ = 0;
};

} // namespace tw
