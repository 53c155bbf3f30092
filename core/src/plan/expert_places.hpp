// Where the experts of a mixture lie best, by what was measured of the machines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "plan/layer_split.hpp"
#include "plan/machine.hpp"

namespace tw::plan {

// For each of the first `workers` machines the layers of others whose experts it should hold, a layer's whole, for a pass of
// one row to be shortest (pass_s): first what the machines that hold too much must give away, then what gains time, in either
// case what gains most first and where there is room. What such a move gains does not depend on the others, so no other order
// gains more but for what the last room is filled with. `shares` and `machines` as pass_s has them; experts that lie away
// already stay there. Empty lists where nothing gains, or a speed is not known.
[[nodiscard]] std::vector<std::vector<std::uint32_t>> fastest_experts(const model_shape& model, std::vector<share> shares,
                                                                      const std::vector<machine>& machines, std::size_t workers);

} // namespace tw::plan
