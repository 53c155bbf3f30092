// How many rows a pass needs for a worker to compute each as it does in larger passes, bit for bit.
#pragma once

#include <cstdint>

#include "pooled/made_up_model.hpp"
#include "pooled/rpc_client.hpp"

namespace tw::pooled {

// By one matrix of the sample's type and columns and rows of made-up numbers, in passes of 1, 2, 4, 8 and 16 of them: the
// smallest from which on all agree. 1: they all do, or none does, and there is nothing to fill a pass up to. Of the first
// device; sends a mebibyte or two. Errors: those of rpc_client.
[[nodiscard]] result<std::uint32_t> least_rows(rpc_client& worker, const sample_layers& sample);

} // namespace tw::pooled
