// A loaded model behind the engine interface, with everything it answers checked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tightwad/abi/ext/engine.h>

#include "bridge/chat.hpp"
#include "bridge/interfaces.hpp"
#include "sampling/token_mask.hpp"
#include "service/plugin_host.hpp"

namespace tw {

// As tw_engine_info, with strings of its own.
struct engine_info {
    std::int32_t n_vocab = 0, n_ctx = 0, n_seq = 0, n_batch = 0;
    std::int32_t bos = -1; // -1 = none
    bool add_bos = false;
    bool truncates = false;
    std::int64_t weight_bytes = 0;
    std::string model, device, build, chat_template, identity;
};

// What an engine that makes embeddings takes and gives.
struct embedding_info {
    std::int32_t dimensions = 0;
    std::int32_t n_tokens = 0; // of the texts of one call together, or of one text
    std::int32_t n_texts = 0;  // of one call
};

// What an engine that puts documents in order takes.
struct ranking_info {
    std::int32_t n_tokens = 0; // of the pairs of one call together, or of one pair
    std::int32_t n_pairs = 0;  // of one call
};

// decode, truncate, embed and score from one thread at a time; the const functions from any. A plugin that breaks
// the contract yields code::internal with its name in the sentence.
class engine {
  public:
    struct token_info {
        std::uint32_t flags = 0, attributes = 0;
        std::string text, piece;
    };

    // Valid until the next decode.
    struct logits_view {
        const float* data = nullptr;
        std::int32_t n_rows = 0, n_vocab = 0;

        // Row `i` of those that wanted logits.
        [[nodiscard]] std::span<const float> row(std::int32_t i) const {
            const auto width = static_cast<std::size_t>(n_vocab);
            return {data + static_cast<std::size_t>(i) * width, width};
        }
    };

    // Looks at the table and the files it names, loads nothing.
    [[nodiscard]] static result<void> check(const tw_engine_v1& api, std::string_view plugin_id,
                                            const std::string& config_json);

    // Loads, which may take minutes, and reads the vocabulary. `progress` gets 0 … 1 from any
    // thread and returns false to give up; it may be empty and must not throw.
    [[nodiscard]] static result<std::unique_ptr<engine>>
    create(const tw_engine_v1& api, std::string plugin_id, std::unique_ptr<plugin_host> host,
           const std::string& config_json, const std::function<bool(float)>& progress);

    [[nodiscard]] const engine_info& info() const { return info_; }
    [[nodiscard]] const std::vector<token_info>& vocabulary() const { return vocabulary_; }

    // Hex sha256 over the texts, the attributes, bos, the end-of-generation ids and add_bos: two
    // models with equal digests may draft for each other. Pad, scores and chat-only ids are left
    // out, because they differ between models that understand each other.
    [[nodiscard]] const std::string& vocabulary_digest() const { return digest_; }

    [[nodiscard]] result<std::vector<std::int32_t>> tokenize(std::string_view text, bool special,
                                                             bool bos) const;
    // Does not allocate.
    [[nodiscard]] result<logits_view> decode(std::span<const tw_row> rows);
    [[nodiscard]] result<void> truncate(std::int32_t seq, std::int32_t length);

    // Of an engine whose table says embeddings = true; `unsupported` where the plugin has none.
    [[nodiscard]] result<embedding_info> embedding() const;
    // The vectors of texts that fit `sizes`, dimensions numbers each, into `out`; checked to be finite.
    [[nodiscard]] result<void> embed(std::span<const std::vector<std::int32_t>> texts, const embedding_info& sizes,
                                     std::span<float> out);

    // Of one whose model puts documents in order instead; `unsupported` where it does not, or the plugin has no rankings.
    [[nodiscard]] result<ranking_info> ranking() const;
    // A query and a document as the model reads them together.
    [[nodiscard]] result<std::vector<std::int32_t>> pair(std::string_view query, std::string_view document) const;
    // How well the documents of pairs that fit ranking() do, one number each, into `out`; checked to be finite.
    [[nodiscard]] result<void> score(std::span<const std::vector<std::int32_t>> pairs, std::span<float> out);

    // From here on this engine can be asked for grammars; before any other thread uses it.
    void with_grammars(const tw_grammar_v1& api) { grammars_ = &api; }
    void with_chat(const tw_chat_v1& api) { chats_ = &api; } // likewise
    void with_embeddings(const tw_embedding_v1& api) { embeddings_ = &api; } // likewise
    void with_rankings(const tw_ranking_v1& api) { rankings_ = &api; } // likewise
    // `spec_json` as abi/ext/grammar.h has it; `unsupported` where the plugin has no grammars. The mask must be gone
    // before the engine is.
    [[nodiscard]] result<std::unique_ptr<token_mask>> make_grammar(const std::string& spec_json) const;
    // As the model chats; likewise. The chat must be gone before the engine is.
    [[nodiscard]] result<std::unique_ptr<chat>> make_chat() const;

  private:
    engine(const tw_engine_v1& api, std::string plugin_id, std::unique_ptr<plugin_host> host);
    [[nodiscard]] result<void> read_info();
    [[nodiscard]] result<void> read_vocabulary();
    // Has the plugin's `function` write tokens of a text of so many bytes: one each and `room` more are enough nearly always.
    [[nodiscard]] result<std::vector<std::int32_t>>
    read_tokens(const char* function, std::size_t bytes, std::size_t room,
                const std::function<tw_code(std::span<std::int32_t>, std::size_t* needed, tw_error*)>& write) const;

    const tw_engine_v1* api_;
    const tw_grammar_v1* grammars_ = nullptr;
    const tw_chat_v1* chats_ = nullptr;
    const tw_embedding_v1* embeddings_ = nullptr;
    const tw_ranking_v1* rankings_ = nullptr;
    std::string plugin_id_;
    std::unique_ptr<plugin_host> host_; // outlives the instance
    std::unique_ptr<tw_engine, void (*)(tw_engine*)> self_;
    engine_info info_;
    std::vector<token_info> vocabulary_;
    std::string digest_;
};

} // namespace tw
