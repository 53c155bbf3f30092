// What a pipeline can be asked besides for answers: about tokens, for vectors of texts, for an order of documents.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "scheduler/generation.hpp"

namespace tw {

struct tokenize_question {
    std::string text{};
    bool special = true; // the text of a control token becomes that token
    bool bos = false;    // begin as the model wants a prompt to begin
};
struct token_list {
    token_ids ids{};
    std::vector<std::string> pieces{}; // as many; any bytes
};

struct detokenize_question {
    token_ids tokens;
};
struct detokenized {
    std::string text; // valid UTF-8
};

// Of a chat, whose prompt is written and split as start() would.
struct count_question {
    generation_request request;
};
struct token_count {
    std::int64_t tokens = 0;
};

struct properties_question {};
struct model_properties {
    std::int64_t context = 0, slots = 0;
    std::string model{}, build{}, chat_template{}, bos{}; // empty = there is none
    std::string as_is{}; // a server's own JSON; all others are unset then
    bool embeds = false;      // it makes embeddings, and gives no answers
    bool ranks = false;       // it puts documents in order, and gives no answers
    bool calls_tools = false; // of its own accord
};

struct embed_question {
    std::vector<std::variant<std::string, token_ids>> inputs{}; // not empty
    std::optional<std::int32_t> dimensions{};                   // none = the model's own
    bool truncate = false; // what is too long: true = its beginning counts, false = an error
};
struct embedding_list {
    std::vector<std::vector<float>> vectors{}; // one an input, of length 1
    std::int64_t prompt_tokens = 0;
};

struct rerank_question {
    std::string query{};
    std::vector<std::string> documents{}; // not empty
};
struct ranking {
    struct entry {
        std::size_t index = 0; // of the document
        double score = 0;
    };
    std::vector<entry> entries{}; // best first; every document once
    std::int64_t prompt_tokens = 0;
};

using question = std::variant<tokenize_question, detokenize_question, properties_question, embed_question, rerank_question,
                              count_question>;
// The alternative at the question's own index, or why there is none.
using finding = std::variant<token_list, detokenized, model_properties, embedding_list, ranking, token_count>;

// Called once, in any thread; must not block.
using finding_function = std::function<void(result<finding>)>;

// "Embeddings are not served here: " + why, with the code `unsupported`.
[[nodiscard]] inline error cannot_answer(const question& asked, const std::string& why) {
    static constexpr const char* subjects[] = {"The tokens of texts", "The texts of tokens", "The properties of models",
                                               "Embeddings", "Rankings", "Counts of tokens"};
    const bool counts = std::holds_alternative<count_question>(asked);
    return fail(code::unsupported, std::string(subjects[asked.index()]) + " are not served here: " + why +
                                       (counts ? " Ask for an answer, whose usage has the count." : ""));
}

} // namespace tw
