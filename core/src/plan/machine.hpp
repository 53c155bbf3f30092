// What is known of a machine that could hold a part of a model: its memory, its speed, the way to it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace tw::plan {

// How long a pass takes to go over weights, as measured: a step reads every weight once, whatever its rows, so its time
// grows with the bytes; with more rows arithmetic takes over, so each number of rows has a cost of its own.
struct compute_speed {
    std::map<std::uint32_t, double> seconds_per_byte; // rows of a pass -> seconds; not empty
    bool bound = false; // only how fast memory is read: computing may take longer

    // Between two measured numbers of rows on the line through them, beyond the last on the line through the last two.
    [[nodiscard]] double of(std::uint32_t rows) const;
};

struct link_speed {
    double round_trip_s = 0;                  // of a message of a few bytes and its answer
    double up_bytes_s = 0, down_bytes_s = 0; // to the machine and from it; 0 = as fast as one likes
};

struct machine {
    std::string name;
    std::uint64_t memory_bytes = 0; // that a model may use there; 0 = not known
    std::optional<compute_speed> compute{}; // none = not measured
    std::optional<link_speed> link{};       // none = it is this machine
    std::uint32_t least_rows = 1; // to which passes are filled up, since from there on a row's bits are the same
};

} // namespace tw::plan
