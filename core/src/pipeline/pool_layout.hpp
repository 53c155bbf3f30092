// From what is written of a pool and of a backend over it to where the parts of a model lie.
#pragma once

#include <cstddef>

#include <nlohmann/json_fwd.hpp>

#include "config/config.hpp"
#include "plan/pool_layout.hpp"

namespace tw {

// Of the workers "vram" (0 = not said) and "experts"; "output"; of the backend's options, a JSON object or null,
// "tensor_split" and "cpu_moe" for a model of so many layers. This machine is named "this machine", without a memory.
[[nodiscard]] plan::pool_layout layout_of(const pool_config& pool, const nlohmann::json& options, std::size_t layers);

// Whether each worker's "vram" says so much, and no "tensor_split" is in its place: the layers are divided by it.
[[nodiscard]] bool is_divided_by_vram(const pool_config& pool, const plan::pool_layout& layout);

} // namespace tw
