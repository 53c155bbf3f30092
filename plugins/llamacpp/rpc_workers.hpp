// The rpc-servers of a pool as devices of libllama.
#pragma once

#include <string>
#include <vector>

#include <ggml-backend.h>

#include <tightwad/sdk/config.hpp>

namespace llamacpp {

struct device_list {
    std::vector<ggml_backend_dev_t> devices;
    std::vector<float> shares; // of the layers, one a device; empty = by free memory
    std::vector<ggml_backend_dev_t> servers; // the first device of each server
};

// Whether the output layer lies on this machine, so that a row of a pass brings n_embd numbers home and not one for
// every word: what the option "rpc_output" says, false where there is no "rpc".
[[nodiscard]] bool output_stays_here(const tw::sdk::config& config);

// The devices of the servers that the options "rpc", "rpc_names" and "rpc_vram" name, in their order; none where there
// is no "rpc". `own`, unless it is null, is the last, so that the output layer is there, or the first where that is to
// be the last worker's. Each server is greeted first: libllama ends the process when one does not answer or speaks
// another protocol. Throws failure, naming the server and the remedy.
[[nodiscard]] device_list pool_devices(const tw::sdk::config& config, ggml_backend_dev_t own);

// Throws failure where the engine has no RPC backend.
void check_rpc_backend();

// "3,1" as numbers; throws failure for what is none, for more than 128 and for shares that are all 0.
[[nodiscard]] std::vector<float> tensor_split_of(const std::string& text);

} // namespace llamacpp
