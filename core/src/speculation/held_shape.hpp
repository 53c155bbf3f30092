// How many rows a pass gets where another shape than the last pass's has a price of its own.
#pragma once

#include <algorithm>
#include <cstddef>

#include "speculation/step_times.hpp"

namespace tw {

// A pool sends the graph of a pass anew when its shape differs from the last one's, a GPU records it anew. Rows nobody
// reads keep the shape, until what they cost together has reached that price: then the shape shrinks to the most that
// was needed meanwhile. So at most twice the price is lost against whoever knew what comes (the rent-or-buy rule), where
// the link is the cost one shape is held, and where rows are the cost shapes follow the drafts. Not thread-safe.
class held_shape {
  public:
    // Rows for each of `answers`, of which a pass needs `needed`; at least that. `price_s`: of a change of shape.
    std::size_t rows(std::size_t answers, std::size_t needed, const step_times& times, double price_s) {
        if (answers != answers_ || needed > held_) return change(answers, needed);
        most_ = std::max(most_, needed);
        padding_s_ += times.seconds(answers * held_) - times.seconds(answers * needed);
        return padding_s_ >= price_s ? change(answers, most_) : held_;
    }

    // Rows of all answers in the shape that is held; 0 = another number of answers has to change it anyway.
    [[nodiscard]] std::size_t held(std::size_t answers) const { return answers == answers_ ? answers * held_ : 0; }

  private:
    std::size_t change(std::size_t answers, std::size_t rows) {
        answers_ = answers;
        held_ = rows;
        most_ = 0;
        padding_s_ = 0;
        return held_;
    }

    std::size_t answers_ = 0, held_ = 0;
    std::size_t most_ = 0; // needed since the shape changed
    double padding_s_ = 0; // spent on padding since then
};

} // namespace tw
