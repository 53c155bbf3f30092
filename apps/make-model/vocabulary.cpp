// A GGUF with a true byte-level BPE vocabulary and no knowledge: all weights are zero. It exists to
// be refused.
#include "commands.hpp"
#include "gguf_file.hpp"

#include <nlohmann/json.hpp>

#include <llama.h>

#include <fstream>
#include <stdexcept>
#include <vector>

namespace tw::make_model {
namespace {

// The smallest shape that llama.cpp loads.
constexpr std::uint32_t width = 32;
constexpr std::uint32_t context = 2048;

struct bpe {
    std::vector<std::string> tokens;
    std::vector<std::int32_t> types;
    std::vector<std::string> merges;
};

bpe read_tokenizer(const std::filesystem::path& path) {
    std::ifstream file(path);
    const auto json = nlohmann::json::parse(file);
    const auto& vocabulary = json.at("model").at("vocab");
    bpe found;
    found.tokens.resize(vocabulary.size());
    found.types.resize(vocabulary.size(), LLAMA_TOKEN_TYPE_NORMAL);
    for (const auto& [text, id] : vocabulary.items()) {
        found.tokens.at(id.get<std::size_t>()) = text;
    }
    for (const auto& added : json.at("added_tokens")) {
        found.types.at(added.at("id").get<std::size_t>()) = LLAMA_TOKEN_TYPE_CONTROL;
    }
    for (const auto& pair : json.at("model").at("merges")) {
        found.merges.push_back(pair.at(0).get<std::string>() + " " + pair.at(1).get<std::string>());
    }
    return found;
}

void set_strings(gguf_context* meta, const char* key, const std::vector<std::string>& strings) {
    std::vector<const char*> pointers;
    for (const auto& string : strings) {
        pointers.push_back(string.c_str());
    }
    gguf_set_arr_str(meta, key, pointers.data(), pointers.size());
}

void describe(gguf_context* meta, const bpe& vocabulary) {
    gguf_set_val_str(meta, "general.architecture", "llama");
    gguf_set_val_str(meta, "general.name", "MiniMind2 vocabulary, all weights zero");
    gguf_set_val_str(meta, "general.license", "apache-2.0");
    gguf_set_val_u32(meta, "llama.context_length", context);
    gguf_set_val_u32(meta, "llama.embedding_length", width);
    gguf_set_val_u32(meta, "llama.feed_forward_length", width);
    gguf_set_val_u32(meta, "llama.block_count", 1);
    gguf_set_val_u32(meta, "llama.attention.head_count", 1);
    gguf_set_val_f32(meta, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
    gguf_set_val_str(meta, "tokenizer.ggml.model", "gpt2");
    gguf_set_val_str(meta, "tokenizer.ggml.pre", "gpt-2");
    set_strings(meta, "tokenizer.ggml.tokens", vocabulary.tokens);
    set_strings(meta, "tokenizer.ggml.merges", vocabulary.merges);
    gguf_set_arr_data(meta, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, vocabulary.types.data(),
                      vocabulary.types.size());
    gguf_set_val_u32(meta, "tokenizer.ggml.bos_token_id", 1);
    gguf_set_val_u32(meta, "tokenizer.ggml.eos_token_id", 2);
    gguf_set_val_u32(meta, "tokenizer.ggml.padding_token_id", 0);
    gguf_set_val_bool(meta, "tokenizer.ggml.add_bos_token", false);
}

} // namespace

void write_vocabulary(const std::filesystem::path& tokenizer, const std::filesystem::path& out) {
    bpe vocabulary;
    try {
        vocabulary = read_tokenizer(tokenizer);
    } catch (const std::exception& error) {
        throw std::runtime_error(tokenizer.string() +
                                 " is no byte-level BPE tokenizer.json: " + error.what());
    }
    const auto tokens = static_cast<std::int64_t>(vocabulary.tokens.size());
    const std::vector<float> zeros(static_cast<std::size_t>(tokens) * width);
    const std::span<const float> all(zeros);

    gguf_draft draft(11);
    describe(draft.meta(), vocabulary);
    draft.tensor("token_embd.weight", all, tokens);
    for (const char* vector : {"blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"}) {
        draft.tensor(vector + std::string(".weight"), all.first(width), 1);
    }
    for (const char* matrix :
         {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_down", "ffn_up"}) {
        draft.tensor("blk.0." + std::string(matrix) + ".weight", all.first(width * width), width);
    }
    draft.save(out);
}

} // namespace tw::make_model
