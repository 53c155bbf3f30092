// Frames of a channel opened as `target`: the whole pipeline runs at the peer, text comes back.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "pipeline/questions.hpp"
#include "scheduler/generation.hpp"

namespace tw::wire {

using request_id = std::uint64_t; // one answer or question; the asking side never uses one twice on a channel

// What a target can be asked besides for answers; of a finding the alternative at its question's own index.
using target_question = std::variant<tokenize_question, detokenize_question, properties_question, count_question>;
using target_finding = std::variant<token_list, detokenized, model_properties, token_count>;

// The asking side to the serving side. Prompts are rendered and tokenised beside the model, and checked
// there: ids against the vocabulary, the prompt against the context, the sampling by validate(), JSON by its parser.
struct submit {
    request_id request = 0;
    generation_request what;
};
struct ask {
    request_id request = 0;
    target_question what;
};
struct cancel { // the end of the request still comes
    request_id request = 0;
};
struct ask_status {}; // `status_is` comes

// The serving side to the asking side.
struct piece { // what one round brought
    request_id request = 0;
    std::string text; // any bytes
};
struct call_piece { // more of a tool call
    request_id request = 0;
    tool_call_piece what;
};
struct likelihoods { // of the tokens that the next piece is made of, or is still held back by
    request_id request = 0;
    std::vector<token_likelihood> tokens;
};
struct done { // the last of a request
    request_id request = 0;
    generation_result result;
};
struct refused { // instead of any piece or done, or of found
    request_id request = 0;
    error why;
};
struct found { // of what was asked
    request_id request = 0;
    target_finding what;
};
struct status_is { // what the serving side says of its pipeline
    std::string json;
};

} // namespace tw::wire
