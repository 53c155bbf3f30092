// How often drafted tokens are accepted, by how sure their source was: running estimates.
#pragma once

#include <array>
#include <cstddef>

#include "speculation/messages.hpp"

namespace tw {

// Counts that fade, so that the estimate follows the text. Not thread-safe.
class acceptance_rate {
  public:
    // `prior` is what is believed before anything was seen, worth `weight` observations; `memory` is how
    // many observations are remembered, about.
    acceptance_rate(std::array<double, grades> prior, double weight, double memory);

    void record(grade sure, bool accepted);

    // The chance that a token of this grade is accepted.
    [[nodiscard]] double chance(grade sure) const;
    // The same with an outer estimate as the prior: how this answer differs from all answers.
    [[nodiscard]] double chance(grade sure, const acceptance_rate& all) const;
    // Over all grades as they occur; the prior's average without observations.
    [[nodiscard]] double mean() const;
    [[nodiscard]] double mean(const acceptance_rate& all) const;
    [[nodiscard]] double seen() const; // observations, faded

  private:
    struct count {
        double seen = 0, accepted = 0;
    };
    std::array<double, grades> prior_;
    double weight_, fade_;
    std::array<count, grades> counts_{};
};

} // namespace tw
