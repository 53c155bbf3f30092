// Where the parts of a model lie that is held over a pool.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "plan/layer_split.hpp"

namespace tw::plan {

struct pool_layout {
    std::vector<holder> workers; // in their order, with what the model may use there
    // Shares of the layers in place of the memories, in the order of llama.cpp's devices: the workers and then `gpu`, or
    // `gpu` first where the output is not here. Missing ones are 0; empty = the memories divide.
    std::vector<float> by{};
    std::vector<std::vector<std::uint32_t>> experts{}; // of layers, given to the worker of that number; may be shorter
    std::vector<std::size_t> balanced{};               // workers that share the experts of all other layers
    holder here{};                                     // this machine
    bool output_here = true;                           // also on its GPU
    std::vector<std::uint32_t> experts_here{};         // of layers, kept on its processor
    std::optional<holder> gpu{};                       // of this machine, where it takes layers
};

// The workers' shares in their order, then the GPU's, then this machine's where it has a part. None where nothing divides
// the layers.
[[nodiscard]] std::vector<share> lay_out(const model_shape& model, const pool_layout& pool, std::uint64_t tokens);

} // namespace tw::plan
