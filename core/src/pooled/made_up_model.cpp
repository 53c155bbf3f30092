// Tensors as ggml has them, and the operations of a transformer's layer.
#include "pooled/made_up_model.hpp"

#include <algorithm>
#include <bit>

namespace tw::pooled {
namespace {

constexpr std::uint64_t most_bytes = 256U << 20U, least_bytes = 1U << 20U;
constexpr std::uint64_t matrices_of_a_layer = 7; // of attention four, of the feed-forward part three
constexpr std::uint64_t most_layers = 512, least_columns = 256;
constexpr std::uint64_t fewest_tokens = 32, most_tokens = 16384;
constexpr std::uint32_t f32 = 0, f16 = 1, i32 = 26, bf16 = 30; // of GGUF

std::uint64_t bytes_of(std::uint32_t type) { return plan::find_gguf_type(type)->bytes; }
std::uint32_t bits(float value) { return std::bit_cast<std::uint32_t>(value); }

} // namespace

std::uint32_t columns_of(const sample_layers& sample) {
    const auto blocks = (std::max(sample.columns, least_columns) + sample.type.block - 1) / sample.type.block;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(blocks, 1U << 16U) * sample.type.block);
}

made_up_model::made_up_model(const sample_layers& sample) : attention_(sample.attention), exact_cache_(sample.exact_cache) {
    columns_ = columns_of(sample);
    weights_.type = sample.type;
    weights_.sizes[0] = columns_;
    const auto all_rows = std::max<std::uint64_t>(1, std::clamp(sample.bytes, least_bytes, most_bytes) / weights_.row_bytes());
    layers_ = std::clamp<std::uint64_t>(sample.layers, 1,
                                        std::min(most_layers, std::max<std::uint64_t>(1, all_rows / matrices_of_a_layer)));
    weights_.sizes[1] = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, all_rows / (layers_ * matrices_of_a_layer)));
    if (attention_) {
        const auto of_a_token = 2 * std::uint64_t{attention_->cached_heads} * attention_->head_width * bytes_of(f16) * layers_;
        const auto room = std::clamp(most_bytes / of_a_token, fewest_tokens, most_tokens);
        tokens_ = static_cast<std::uint32_t>(std::clamp(sample.tokens, fewest_tokens, room));
    }
    place_all();
}

std::uint64_t made_up_model::weight_bytes() const { return layers_ * matrices_of_a_layer * aligned(weights_.bytes()); }
std::uint64_t made_up_model::buffer_bytes() const { return std::max(least_bytes, end_ + read_beyond); }

std::uint64_t made_up_model::cache_bytes() const {
    return aligned(std::uint64_t{tokens_} * attention_->cached_heads * attention_->head_width * bytes_of(f16));
}

// Weights, inputs, caches, what is computed.
void made_up_model::place_all() {
    std::uint64_t widest = std::max(columns_, weights_.sizes[1]);
    if (attention_)
        widest = std::max({widest, std::uint64_t{attention_->heads} * std::max(tokens_, attention_->head_width),
                           std::uint64_t{attention_->feed_forward}});
    const auto rows = aligned(widest * bytes_of(f32) * most_rows);
    inputs_at_ = weight_bytes();
    caches_at_ = inputs_at_ + rows;
    out_at_ = caches_at_ + (attention_ ? 2 * layers_ * cache_bytes() : 0);
    end_ = out_at_ + rows;
}

rpc_tensor made_up_model::inputs(const sizes& of, std::uint32_t type) const {
    return {*plan::find_gguf_type(type), of, inputs_at_};
}

rpc_tensor made_up_model::made(const sizes& of) const { return {*plan::find_gguf_type(f32), of, out_at_}; }

std::vector<rpc_node> made_up_model::pass(std::uint32_t rows) const {
    std::vector<rpc_node> out;
    for (std::uint64_t layer = 0; layer < layers_; ++layer) {
        for (std::uint64_t i = 0; i < matrices_of_a_layer; ++i) add_product(out, layer * matrices_of_a_layer + i, rows);
        if (attention_) add_rest(out, layer, rows);
    }
    return out;
}

void made_up_model::add_product(std::vector<rpc_node>& out, std::uint64_t number, std::uint32_t rows) const {
    auto weights = weights_;
    weights.offset = number * aligned(weights.bytes());
    out.push_back({rpc_op::mul_mat, made({weights.sizes[1], rows, 1, 1}), {weights, inputs({columns_, rows, 1, 1})}});
}

// What a layer does besides: two norms and sums, the rotation of queries and keys, attention, the gate.
void made_up_model::add_rest(std::vector<rpc_node>& out, std::uint64_t layer, std::uint32_t rows) const {
    const auto& [heads, cached, width, inner] = *attention_;
    const auto row = [&](std::uint32_t size) { return sizes{size, rows, 1, 1}; };
    for (int half = 0; half < 2; ++half) {
        out.push_back({rpc_op::rms_norm, made(row(columns_)), {inputs(row(columns_))}, {bits(1e-5F)}});
        out.push_back({rpc_op::multiply, made(row(columns_)), {inputs(row(columns_)), inputs({columns_, 1, 1, 1})}});
        out.push_back({rpc_op::add, made(row(columns_)), {inputs(row(columns_)), inputs(row(columns_))}});
    }
    const std::array<std::uint32_t, 16> rotation{0, width, 0, 0, 4096, bits(10000), bits(1), 0, bits(1), bits(32), bits(1)};
    for (const auto count : {heads, cached}) {
        const sizes turned{width, count, rows, 1};
        out.push_back({rpc_op::rope, made(turned), {inputs(turned), inputs({rows, 1, 1, 1}, i32)}, rotation});
    }
    add_attention(out, layer, rows);
    constexpr std::uint32_t swiglu = 2;
    if (inner > 0) out.push_back({rpc_op::glu, made(row(inner)), {inputs(row(inner)), inputs(row(inner))}, {swiglu}});
}

void made_up_model::add_attention(std::vector<rpc_node>& out, std::uint64_t layer, std::uint32_t rows) const {
    const auto& [heads, cached, width, inner] = *attention_;
    const auto& half = *plan::find_gguf_type(f16);
    const auto cache_at = caches_at_ + 2 * layer * cache_bytes();
    if (exact_cache_) {
        const sizes cache{width, tokens_, cached, 1};
        const rpc_tensor keys{half, cache, cache_at}, values{*plan::find_gguf_type(bf16), cache, cache_at + cache_bytes()};
        constexpr std::uint32_t in_f32 = 10;
        out.push_back({rpc_op::flash_attn, made({width, heads, rows, 1}),
                       {inputs({width, rows, heads, 1}), keys, values, inputs({tokens_, rows, 1, 1}, f16)},
                       {bits(1), 0, 0, in_f32}});
        return;
    }
    const rpc_tensor keys{half, {width, tokens_, cached, 1}, cache_at};
    const rpc_tensor values{half, {tokens_, width, cached, 1}, cache_at + cache_bytes()};
    const sizes scores{tokens_, rows, heads, 1};
    out.push_back({rpc_op::mul_mat, made(scores), {keys, inputs({width, rows, heads, 1})}});
    out.push_back({rpc_op::soft_max, made(scores), {inputs(scores), inputs({tokens_, rows, 1, 1})}, {bits(1)}});
    out.push_back({rpc_op::mul_mat, made({width, rows, heads, 1}), {values, inputs(scores)}});
}

} // namespace tw::pooled
