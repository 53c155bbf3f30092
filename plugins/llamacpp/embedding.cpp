// One pass for several texts, one sequence each.
#include "embedding.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "engine.hpp"
#include "runtime.hpp"

namespace llamacpp {
using tw::sdk::failure;

enum llama_pooling_type pooling_of(const tw::sdk::config& config) {
    const auto word = config.text("pooling", "");
    if (word.empty()) return LLAMA_POOLING_TYPE_UNSPECIFIED;
    if (word == "mean") return LLAMA_POOLING_TYPE_MEAN;
    if (word == "cls") return LLAMA_POOLING_TYPE_CLS;
    if (word == "last") return LLAMA_POOLING_TYPE_LAST;
    if (word == "rank") return LLAMA_POOLING_TYPE_RANK;
    throw failure(TW_INVALID_ARGUMENT, "pooling is \"" + word + "\"; it must be \"mean\", \"cls\", \"last\" or \"rank\".");
}

void prepare_for_embeddings(llama_context_params& params, const tw::sdk::config& config, std::uint32_t tokens) {
    params.n_ctx = params.n_batch = params.n_ubatch = tokens;
    params.kv_unified = true;
    params.embeddings = true;
    params.pooling_type = pooling_of(config);
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_AUTO;
    params.type_v = GGML_TYPE_F16;
}

void pool_texts(engine& of, std::span<const tw_embedding_text> texts, std::size_t width, std::span<float> out) {
    const auto sizes = of.info();
    const auto n = std::accumulate(texts.begin(), texts.end(), std::size_t{0},
                                   [](std::size_t sum, const auto& text) { return sum + text.n; });
    const auto most_texts = static_cast<std::size_t>(sizes.n_seq), most = static_cast<std::size_t>(sizes.n_ctx);
    if (texts.empty() || texts.size() > most_texts || n > most ||
        std::any_of(texts.begin(), texts.end(), [](const auto& text) { return text.n == 0; }))
        throw failure(TW_INVALID_ARGUMENT, "A pass takes 1 to " + std::to_string(most_texts) + " texts of together at most " +
                                               std::to_string(most) + " tokens, none of them empty.");
    std::vector<llama_token> tokens;
    std::vector<llama_pos> positions;
    std::vector<llama_seq_id> seqs;
    for (std::size_t i = 0; i < texts.size(); ++i)
        for (std::size_t at = 0; at < texts[i].n; ++at) {
            tokens.push_back(texts[i].tokens[at]);
            positions.push_back(static_cast<llama_pos>(at));
            seqs.push_back(static_cast<llama_seq_id>(i));
        }
    std::vector<std::int32_t> seq_counts(n, 1);
    std::vector<llama_seq_id*> seq_pointers(n);
    for (std::size_t i = 0; i < n; ++i) seq_pointers[i] = &seqs[i];
    std::vector<std::int8_t> wanted(n, 1);
    const llama_batch batch{.n_tokens = static_cast<std::int32_t>(n),
                            .token = tokens.data(),
                            .embd = nullptr,
                            .pos = positions.data(),
                            .n_seq_id = seq_counts.data(),
                            .seq_id = seq_pointers.data(),
                            .logits = wanted.data()};
    const error_log log;
    const thread_pool::turn turn(of.threads());
    llama_memory_clear(llama_get_memory(of.context()), true);
    if (const auto code = llama_decode(of.context(), batch); code != 0)
        throw failure(TW_INTERNAL, "The engine could not compute " + std::to_string(texts.size()) + " texts of " +
                                       std::to_string(n) + " tokens (llama_decode: " + std::to_string(code) + ")" +
                                       log.because() + ".");
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const float* row = llama_get_embeddings_seq(of.context(), static_cast<llama_seq_id>(i));
        if (row == nullptr) throw failure(TW_INTERNAL, "The engine pooled no vector of text " + std::to_string(i) + ".");
        std::copy_n(row, width, out.begin() + static_cast<std::ptrdiff_t>(i * width));
    }
}

tw::sdk::embedding_info embedding::info(const engine& of) {
    if (!of.embeds())
        throw failure(TW_UNSUPPORTED, "This engine was made for answers; embeddings need embeddings = true in its table.");
    const auto info = of.info();
    if (of.ranks())
        throw failure(TW_UNSUPPORTED, "The model " + std::string(info.model) + " puts documents in order and makes no embeddings.");
    return {.dimensions = llama_model_n_embd_out(of.model()), .n_tokens = info.n_ctx, .n_texts = info.n_seq};
}

void embedding::embed(engine& of, std::span<const tw_embedding_text> texts, std::span<float> out) {
    pool_texts(of, texts, static_cast<std::size_t>(info(of).dimensions), out);
}

} // namespace llamacpp
