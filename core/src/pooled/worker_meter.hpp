// What a worker can do, found out by having it do it: its memory, the way to it, and how fast it goes over weights.
#pragma once

#include <cstdint>
#include <optional>

#include "plan/gguf_types.hpp"
#include "plan/machine.hpp"
#include "plan/model_shape.hpp"
#include "pooled/rpc_client.hpp"

namespace tw::pooled {

// A part of a model, in its measures.
struct sample_layers {
    plan::gguf_type type;      // of most weights
    std::uint64_t bytes = 0;   // of weights that the worker is to hold; as many are read, 256 MiB at most
    std::uint64_t columns = 0; // of a matrix
    std::uint64_t layers = 1;  // that the bytes are divided into
    std::optional<plan::attention_shape> attention{}; // none: only the matrices of the layers are computed
    std::uint64_t tokens = 0; // that a row attends to
};

struct worker_figures {
    std::uint64_t free_bytes = 0, total_bytes = 0; // of all its devices
    plan::link_speed link;
    plan::compute_speed compute; // of its first device, for passes of 1, 2, 4, 8 and 16 rows
};

// Takes seconds, during which the worker computes. Errors: those of rpc_client.
[[nodiscard]] result<worker_figures> measure(rpc_client& worker, const sample_layers& sample);

} // namespace tw::pooled
