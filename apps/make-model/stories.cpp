// llama2.c weights to GGUF: the same order of numbers, other names.
#include "commands.hpp"
#include "gguf_file.hpp"
#include "llama2c_file.hpp"

#include <stdexcept>

namespace tw::make_model {
namespace {

constexpr float rms_epsilon = 1e-5F; // fixed in llama2.c's source, not in its files

void describe(gguf_context* meta, const llama2c_shape& shape) {
    const auto set = [meta](const char* key, std::int32_t value) {
        gguf_set_val_u32(meta, key, static_cast<std::uint32_t>(value));
    };
    gguf_set_val_str(meta, "general.architecture", "llama");
    gguf_set_val_str(meta, "general.name", "stories15M");
    gguf_set_val_str(meta, "general.license", "mit");
    set("general.file_type", 0);
    set("llama.context_length", shape.context);
    set("llama.embedding_length", shape.width);
    set("llama.feed_forward_length", shape.ffn_width);
    set("llama.block_count", shape.layers);
    set("llama.attention.head_count", shape.heads);
    set("llama.attention.head_count_kv", shape.kv_heads);
    set("llama.rope.dimension_count", shape.width / shape.heads);
    gguf_set_val_f32(meta, "llama.attention.layer_norm_rms_epsilon", rms_epsilon);
}

} // namespace

void write_stories(const std::filesystem::path& llama2c, const std::filesystem::path& vocabulary,
                   const std::filesystem::path& out) {
    llama2c_file model(llama2c);
    const llama2c_shape shape = model.shape();
    gguf_draft draft(static_cast<std::size_t>(2 + 9 * shape.layers));
    const std::size_t tokens = copy_tokenizer(vocabulary, draft.meta());
    if (tokens != static_cast<std::size_t>(shape.vocabulary)) {
        throw std::runtime_error(llama2c.string() + " has " + std::to_string(shape.vocabulary) +
                                 " tokens and " + vocabulary.string() + " has " +
                                 std::to_string(tokens) + "; they must be the same vocabulary");
    }
    describe(draft.meta(), shape);

    const std::int64_t kv_width = shape.width / shape.heads * shape.kv_heads;
    const auto take = [&](const std::string& name, std::int64_t rows, std::int64_t columns) {
        draft.tensor(name, model.take(static_cast<std::size_t>(rows * columns)), rows);
    };
    // The file holds each kind of weight for all layers together.
    const auto take_layers = [&](const char* name, std::int64_t rows, std::int64_t columns) {
        for (std::int32_t layer = 0; layer < shape.layers; ++layer) {
            take("blk." + std::to_string(layer) + "." + name + ".weight", rows, columns);
        }
    };
    // No output.weight: llama.cpp then uses the embedding, as llama2.c does.
    take("token_embd.weight", shape.vocabulary, shape.width);
    take_layers("attn_norm", 1, shape.width);
    take_layers("attn_q", shape.width, shape.width);
    take_layers("attn_k", kv_width, shape.width);
    take_layers("attn_v", kv_width, shape.width);
    take_layers("attn_output", shape.width, shape.width);
    take_layers("ffn_norm", 1, shape.width);
    take_layers("ffn_gate", shape.ffn_width, shape.width);
    take_layers("ffn_down", shape.width, shape.ffn_width);
    take_layers("ffn_up", shape.ffn_width, shape.width);
    take("output_norm.weight", 1, shape.width);
    draft.save(out);
}

} // namespace tw::make_model
