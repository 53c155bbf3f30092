// Which machine holds which layers of a model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/model_shape.hpp"

namespace tw::plan {

struct holder {
    std::string name;
    std::uint64_t memory_bytes = 0; // that the model may use there
};

struct share {
    std::string name;
    std::size_t first = 0, count = 0; // layers
    bool output = false;              // also what follows the last layer
    std::uint64_t weight_bytes = 0, cache_bytes = 0, memory_bytes = 0;
    // Layers of this machine whose experts another one holds, and layers of others whose experts this one holds.
    std::vector<std::size_t> experts_away{}, experts_of{};

    [[nodiscard]] std::uint64_t needed() const { return weight_bytes + cache_bytes; }
    [[nodiscard]] bool fits() const { return needed() <= memory_bytes; }
};

// As llama.cpp splits by shares: layer i of n, and the output as layer n, go where i / (n + 1) falls in the running sum
// of the memories, or of `by` in their place, which may be shorter. `tokens`: of all sequences together. With `coordinator`
// the output is that machine's, which comes last. None for no holder, or where all have no share.
[[nodiscard]] std::vector<share> split_layers(const model_shape& model, const std::vector<holder>& holders,
                                              std::uint64_t tokens, const std::optional<holder>& coordinator = {},
                                              const std::vector<float>& by = {});

// Gives the experts of these layers, whole, to the share of that number; those that are there already, that were given
// away before, or that do not exist stay where they are.
void place_experts(const model_shape& model, std::vector<share>& shares, const std::vector<std::uint32_t>& layers,
                   std::size_t keeper);

// Divides the experts of all layers but `fixed` between the shares of these numbers, a layer's whole: to each in the ratio
// of the memory that is free there when all else has its place. They stay with their layer as far as that goes, since each
// that does not is one more way; the others go, the largest first, to where most is left. Where nothing is free, or for no
// keeper, they stay where they are.
void balance_experts(const model_shape& model, std::vector<share>& shares, const std::vector<std::uint32_t>& fixed,
                     const std::vector<std::size_t>& keepers);

} // namespace tw::plan
