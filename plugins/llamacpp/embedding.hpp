// Texts to vectors through libllama's own pooling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <llama.h>

#include <tightwad/sdk/config.hpp>
#include <tightwad/sdk/embedding.hpp>

namespace llamacpp {

class engine;

// The pooling that the table asks for; throws when it is none.
[[nodiscard]] enum llama_pooling_type pooling_of(const tw::sdk::config& config);

// A context for embeddings or rankings instead of answers: the texts of a pass share `tokens` cells, and each lies whole
// in it, because a pooling over two passes would be one over the second alone.
void prepare_for_embeddings(llama_context_params& params, const tw::sdk::config& config, std::uint32_t tokens);

// One pass: of what libllama pools of each text, the first `width` numbers into `out`.
void pool_texts(engine& of, std::span<const tw_embedding_text> texts, std::size_t width, std::span<float> out);

class embedding : public tw::sdk::embedding {
  public:
    using engine = llamacpp::engine;

    [[nodiscard]] static tw::sdk::embedding_info info(const engine& of);
    static void embed(engine& of, std::span<const tw_embedding_text> texts, std::span<float> out);
};

} // namespace llamacpp
