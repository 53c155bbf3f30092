// Where the experts of a mixture lie, against the order of the layers.
#pragma once

#include <string>
#include <vector>

#include <ggml-backend.h>

#include <tightwad/sdk/config.hpp>

namespace llamacpp {

// Tensors whose name a regular expression finds, for libllama's overrides.
struct placed_experts {
    std::string pattern;
    ggml_backend_buffer_type_t where = nullptr;
};

// What the options "rpc_experts" and "cpu_moe" say; the first that finds a tensor holds. `servers`: a device of each
// server of the pool, in its order. Throws failure for numbers that are none.
[[nodiscard]] std::vector<placed_experts> placed_experts_of(const tw::sdk::config& config,
                                                            const std::vector<ggml_backend_dev_t>& servers);

} // namespace llamacpp
