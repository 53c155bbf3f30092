// Query and document in one sequence, written as llama-server writes it.
#include "ranking.hpp"

#include <algorithm>
#include <string>

#include <llama.h>

#include "embedding.hpp"
#include "engine.hpp"

namespace llamacpp {
using tw::sdk::failure;

namespace {

// One behind the first character of every control token's text: cut there, it is none.
std::vector<std::size_t> places_to_cut(const engine& of, std::string_view text) {
    std::vector<std::size_t> out;
    for (const std::string_view control : of.control_texts())
        for (auto at = text.find(control); at != std::string_view::npos; at = text.find(control, at + 1)) {
            auto cut = at + 1;
            while (cut < text.size() && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) ++cut;
            out.push_back(cut);
        }
    std::sort(out.begin(), out.end());
    return out;
}

// After the model's own prompt, in which {query} and {document} stand for the two. Its control tokens are tokens; one
// that somebody wrote into a document stays text.
std::vector<std::int32_t> prompted(const engine& of, std::string_view prompt, std::string_view asked,
                                   std::string_view document) {
    constexpr std::string_view query_here = "{query}", document_here = "{document}";
    std::string whole;
    std::vector<std::size_t> ends; // of the parts that are split into tokens one by one
    const auto add = [&](std::string_view text) {
        for (const auto place : places_to_cut(of, text)) ends.push_back(whole.size() + place);
        whole += text;
    };
    while (!prompt.empty()) {
        std::size_t read = 1;
        if (prompt.starts_with(query_here)) add(asked), read = query_here.size();
        else if (prompt.starts_with(document_here)) add(document), read = document_here.size();
        else whole += prompt.front();
        prompt.remove_prefix(read);
    }
    ends.push_back(whole.size());
    std::vector<std::int32_t> out;
    std::size_t from = 0;
    for (const auto end : ends) {
        const auto part = of.tokenize(std::string_view(whole).substr(from, end - from), true, false);
        out.insert(out.end(), part.begin(), part.end());
        from = end;
    }
    return out;
}

// [BOS] query [EOS] [SEP] document [EOS], of these the tokens that the vocabulary adds.
std::vector<std::int32_t> plain(const engine& of, std::string_view asked, std::string_view document) {
    const auto* vocab = of.vocab();
    const auto sep = llama_vocab_sep(vocab);
    const auto eos = llama_vocab_eos(vocab) != LLAMA_TOKEN_NULL ? llama_vocab_eos(vocab) : sep;
    std::vector<std::int32_t> out;
    const auto add = [&](bool wanted, llama_token token) {
        if (wanted && token != LLAMA_TOKEN_NULL) out.push_back(token);
    };
    const auto add_text = [&](std::string_view text) {
        const auto tokens = of.tokenize(text, false, false);
        out.insert(out.end(), tokens.begin(), tokens.end());
    };
    add(llama_vocab_get_add_bos(vocab), llama_vocab_bos(vocab));
    add_text(asked);
    add(llama_vocab_get_add_eos(vocab), eos);
    add(llama_vocab_get_add_sep(vocab), sep);
    add_text(document);
    add(llama_vocab_get_add_eos(vocab), eos);
    return out;
}

} // namespace

tw::sdk::ranking_info ranking::info(const engine& of) {
    if (!of.ranks())
        throw failure(TW_UNSUPPORTED, "This engine puts no documents in order; that needs a reranker, and embeddings = true "
                                      "in its table.");
    const auto info = of.info();
    return {.n_tokens = info.n_ctx, .n_pairs = info.n_seq};
}

std::vector<std::int32_t> ranking::pair(const engine& of, std::string_view asked, std::string_view document) {
    const auto* prompt = llama_model_chat_template(of.model(), "rerank");
    return prompt != nullptr ? prompted(of, prompt, asked, document) : plain(of, asked, document);
}

// A head with several outputs (Qwen3's "yes" and "no") has the score first.
void ranking::score(engine& of, std::span<const tw_embedding_text> pairs, std::span<float> out) {
    static_cast<void>(info(of)); // throws where this is none
    pool_texts(of, pairs, 1, out);
}

} // namespace llamacpp
