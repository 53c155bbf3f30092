// Grammars over a GGUF model's vocabulary: GBNF, and what llama.cpp makes of JSON schemas.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <llama.h>

#include <tightwad/sdk/grammar.hpp>

namespace llamacpp {

class engine;

class grammar : public tw::sdk::grammar {
  public:
    using engine = llamacpp::engine;

    grammar(const engine& of, std::string_view spec_json);
    grammar(const grammar& other);
    grammar& operator=(const grammar&) = delete;

    void allowed(std::span<const std::int32_t> tokens, std::span<std::uint8_t> out) const;
    void accept(std::int32_t token);

  private:
    [[nodiscard]] bool fits(std::int32_t token) const; // as libllama sees it

    struct deleter {
        void operator()(llama_sampler* sampler) const { llama_sampler_free(sampler); }
    };

    const llama_vocab* vocab_;
    bool lazy_ = false;               // free until a trigger comes
    std::vector<llama_token> kept_;   // control tokens that the answer's form is made of, sorted
    std::unique_ptr<llama_sampler, deleter> state_;
};

} // namespace llamacpp
