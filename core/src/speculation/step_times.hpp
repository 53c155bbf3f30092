// What a pass of the target costs by its number of rows: v(k), measured at start-up and kept current.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

namespace tw {

// A piecewise linear table over row counts. Not thread-safe.
class step_times {
  public:
    // The row counts worth measuring, the most telling first, none above `most`.
    [[nodiscard]] static std::vector<std::size_t> worth_measuring(std::size_t most);

    // Start-up: seconds of a pass of `rows`.
    void measured(std::size_t rows, double seconds);
    // Later passes move the table: all of it with the machine's speed, `rows` a bit more.
    void observe(std::size_t rows, double seconds);

    // Seconds; beyond what was measured each further row takes what those behind the first did on average, or more.
    // Without a measurement, a guess: 20 ms for a row and a quarter of that for each further one.
    [[nodiscard]] double seconds(std::size_t rows) const;
    // Row count -> seconds, for the status.
    [[nodiscard]] std::map<std::size_t, double> table() const;

  private:
    [[nodiscard]] double between(std::size_t rows) const;

    std::map<std::size_t, double> knots_; // seconds at scale 1
    double scale_ = 1;
    bool started_ = false; // something was measured()
};

} // namespace tw
