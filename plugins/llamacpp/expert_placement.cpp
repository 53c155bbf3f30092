// Layers become patterns, servers become buffer types.
#include "expert_placement.hpp"

#include <algorithm>
#include <cstdint>

#include <ggml-cpu.h>

#include <tightwad/sdk/error.hpp>

namespace llamacpp {
using tw::sdk::failure;

namespace {

// As llama.cpp's --cpu-moe finds them (LLM_FFN_EXPS_REGEX of its common.h): all experts of a layer in one tensor each.
constexpr auto experts = "\\.ffn_(up|down|gate|gate_up)_(ch|)exps";

// `layers`: numbers with "|" between them.
std::string experts_of(const std::string& layers) { return "^blk\\.(" + layers + ")" + experts; }

// "0,1,7" with "|" for the commas.
std::string alternatives(std::string layers) {
    if (layers.find_first_not_of("0123456789,") != std::string::npos)
        throw failure(TW_INVALID_ARGUMENT, "rpc_experts holds \"" + layers + "\"; it must be numbers of layers with commas.");
    std::replace(layers.begin(), layers.end(), ',', '|');
    return layers;
}

} // namespace

std::vector<placed_experts> placed_experts_of(const tw::sdk::config& config,
                                              const std::vector<ggml_backend_dev_t>& servers) {
    std::vector<placed_experts> out;
    const auto listed = config.text("rpc_experts", "");
    std::size_t begin = 0;
    for (const auto server : servers) { // a list each, with ";" between them
        const auto end = std::min(listed.find(';', begin), listed.size());
        if (end > begin)
            out.push_back({experts_of(alternatives(listed.substr(begin, end - begin))), ggml_backend_dev_buffer_type(server)});
        begin = std::min(end + 1, listed.size());
    }
    const auto here = config.integer("cpu_moe", 0, -1, 10000);
    std::string first;
    for (std::int32_t layer = 0; layer < here; ++layer) first += (first.empty() ? "" : "|") + std::to_string(layer);
    if (here < 0) out.push_back({experts, ggml_backend_cpu_buffer_type()});
    if (here > 0) out.push_back({experts_of(first), ggml_backend_cpu_buffer_type()});
    return out;
}

} // namespace llamacpp
