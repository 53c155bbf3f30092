// What a worker can do, found out by having it do it: its memory, the way to it, and how fast it goes over weights.
#pragma once

#include <cstdint>

#include "plan/machine.hpp"
#include "pooled/made_up_model.hpp"
#include "pooled/rpc_client.hpp"

namespace tw::pooled {

struct worker_figures {
    std::uint64_t free_bytes = 0, total_bytes = 0; // of all its devices
    plan::link_speed link;
    plan::compute_speed compute; // of its first device, for passes of 1, 2, 4, 8 and 16 rows
    std::uint32_t least_rows = 1; // of its first device, see least_rows.hpp
};

// Takes seconds, during which the worker computes. Errors: those of rpc_client.
[[nodiscard]] result<worker_figures> measure(rpc_client& worker, const sample_layers& sample);

} // namespace tw::pooled
