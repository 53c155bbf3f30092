// Layers like a model's, of zeros, for a worker to compute while it is timed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "plan/gguf_types.hpp"
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
    bool exact_cache = false; // on a processor: as cache = "exact" of the llamacpp plugin has it
};

// Of a matrix: the sample's, as whole blocks of its type, neither too few nor too many for a kernel.
[[nodiscard]] std::uint32_t columns_of(const sample_layers& sample);

inline constexpr std::uint64_t read_beyond = 64U << 10U; // behind what a buffer holds: kernels of some devices read beyond a row

// To where the next tensor of a buffer may begin.
[[nodiscard]] constexpr std::uint64_t aligned(std::uint64_t bytes) { return (bytes + 255) / 256 * 256; }

// The layers lie one behind the other in one buffer. Each has matrices and a cache of its own, as much of a pass is reading
// them; all write what they compute into one place, which nobody reads.
class made_up_model {
  public:
    static constexpr std::uint32_t most_rows = 16;

    explicit made_up_model(const sample_layers& sample);

    [[nodiscard]] std::uint64_t weight_bytes() const;
    [[nodiscard]] std::uint64_t buffer_bytes() const;
    // A pass of so many rows, `most_rows` at most.
    [[nodiscard]] std::vector<rpc_node> pass(std::uint32_t rows) const;

  private:
    using sizes = std::array<std::uint32_t, 4>;

    void place_all();
    [[nodiscard]] std::uint64_t cache_bytes() const; // of the keys of a layer, or of its values
    [[nodiscard]] rpc_tensor inputs(const sizes& of, std::uint32_t type = 0) const;
    [[nodiscard]] rpc_tensor made(const sizes& of) const;
    void add_product(std::vector<rpc_node>& out, std::uint64_t number, std::uint32_t rows) const;
    void add_rest(std::vector<rpc_node>& out, std::uint64_t layer, std::uint32_t rows) const;
    void add_attention(std::vector<rpc_node>& out, std::uint64_t layer, std::uint32_t rows) const;

    std::optional<plan::attention_shape> attention_;
    bool exact_cache_ = false;
    rpc_tensor weights_; // of one matrix
    std::uint32_t columns_ = 0, tokens_ = 0;
    std::uint64_t layers_ = 0, inputs_at_ = 0, caches_at_ = 0, out_at_ = 0, end_ = 0;
};

} // namespace tw::pooled
