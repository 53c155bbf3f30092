// Whether a server's model has a target's vocabulary: found out, not believed.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/engine.hpp"
#include "speculation/server_drafter.hpp"

namespace tw {

// What is known of a target's vocabulary.
struct vocabulary_sample {
    struct probe {
        std::string text;
        std::vector<std::int32_t> ids; // of a prompt with that text, control tokens and its beginning included
    };
    struct spelled_token {
        std::int32_t id;
        std::string bytes; // that it adds to an answer; of a control token its name
    };
    std::string target;
    std::int32_t n_vocab = 0;
    std::vector<probe> probes;
    std::vector<spelled_token> spelled; // those that are known
};

// Words, numbers, white space, several scripts and the control tokens of many families; some 200 tokens.
[[nodiscard]] std::string_view probing_text();

// That text, and one made of tokens from all over the vocabulary; the bytes of every token.
[[nodiscard]] result<vocabulary_sample> sample_of(const engine& target, std::string name);

// Asks the server and compares: as many tokens, and the same bytes for each that is spelled, or, where the server does not
// spell its tokens, the same ids for the same text. A difference is `unsupported`, with
// both names and the way out; everything else says that the server cannot be asked now. `draft`: its name. May block, for
// as long as `within` a question.
[[nodiscard]] result<server_drafter::terms> compare_vocabulary(backend& server, const std::string& draft,
                                                               const vocabulary_sample& target,
                                                               std::chrono::milliseconds within,
                                                               const std::stop_token& stop);

// The sentence of two numbers of tokens.
[[nodiscard]] std::string other_vocabulary(const std::string& draft, std::int32_t draft_tokens, const std::string& target,
                                           std::int32_t target_tokens);

} // namespace tw
