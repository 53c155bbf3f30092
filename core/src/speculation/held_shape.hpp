// How many rows a pass gets where another shape than the last pass's has a price of its own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace tw {

// A pool sends the graph of a pass anew when its shape differs from the last one's, an engine builds it anew, a GPU records it
// anew. So one shape is held until another one would have saved that price since: what each is worth is told pass by pass, its
// lead over the held one is summed up and never falls below nothing (Page's cumulative sum, Biometrika 41, 1954), and the
// first whose lead reaches the price takes over. So what is lost to the best of all shapes is about the price before a
// change, and where what is best comes and goes faster than that, nothing is changed for it. Not thread-safe.
class held_shape {
  public:
    // Rows for each of `answers`. worth[n] is what a pass with n + 1 of them is worth now, in seconds, for all n that may be
    // chosen; at least one. `price_s`: of a change of shape.
    std::size_t rows(std::size_t answers, const std::vector<double>& worth, double price_s) {
        const auto best = static_cast<std::size_t>(std::max_element(worth.begin(), worth.end()) - worth.begin());
        if (answers != answers_ || held_ > worth.size()) return change(answers, best + 1);
        leads_.resize(worth.size());
        for (std::size_t n = 0; n < worth.size(); ++n) leads_[n] = std::max(0.0, leads_[n] + worth[n] - worth[held_ - 1]);
        const auto first = std::max_element(leads_.begin(), leads_.end());
        return *first >= price_s ? change(answers, static_cast<std::size_t>(first - leads_.begin()) + 1) : held_;
    }
    // Likewise, where no price is too high: only what has no room in the shape changes it, and another number of answers. Another
    // kind of pass between leaves it as large as it was.
    std::size_t rows(std::size_t answers, std::size_t needed) {
        return answers == answers_ && needed <= held_ ? held_ : change(answers, answers_ == 0 ? std::max(needed, held_) : needed);
    }

    // Another kind of pass came between: whatever is next has another shape.
    void forget() { answers_ = 0; }

    // Rows of all answers in the shape that is held; 0 = another number of answers has to change it anyway.
    [[nodiscard]] std::size_t held(std::size_t answers) const { return answers == answers_ ? answers * held_ : 0; }

  private:
    std::size_t change(std::size_t answers, std::size_t rows) {
        answers_ = answers;
        leads_.clear();
        return held_ = rows;
    }

    std::size_t answers_ = 0, held_ = 0;
    std::vector<double> leads_; // seconds, since the shape changed
};

} // namespace tw
