// Log probabilities: computed where a token is picked, handed out with the text they belong to.
#include <algorithm>

#include "sampling/log_probabilities.hpp"
#include "scheduler/scheduler.hpp"

namespace tw {

token_likelihood scheduler::likelihood(const sequence& answer, std::int32_t token,
                                       std::span<const float> logits) const {
    const auto& vocabulary = target_->vocabulary();
    const auto most = static_cast<std::size_t>(answer.request.top_logprobs.value_or(0));
    const auto found = log_probabilities(logits, token, most);
    const auto bytes = [&](std::int32_t id) { return std::string(vocabulary[static_cast<std::size_t>(id)].piece); };
    token_likelihood out{{token, bytes(token), found.logprob}, {}};
    for (const auto& each : found.top) out.top.push_back({each.token, bytes(each.token), each.logprob});
    return out;
}

// The end-of-generation token is no part of the text. Evaluation harnesses, who ask for the prompt's likelihoods, count on
// one entry for each token that was generated.
void scheduler::note_likelihood(sequence& answer, std::int32_t token, std::span<const float> logits) {
    if (!answer.request.prompt_logprobs && (target_->vocabulary()[static_cast<std::size_t>(token)].flags & TW_TOKEN_EOG) != 0) return;
    answer.likelihoods.emplace_back(answer.text.seen(), likelihood(answer, token, logits));
}

// Those whose text is out, wholly or in part; `all` also those without text. What a stop string cut off is dropped.
void scheduler::deliver_likelihoods(sequence& answer, bool all) {
    std::vector<token_likelihood> out;
    auto& waiting = answer.likelihoods;
    const bool whole = all && !answer.text.stopped();
    while (!waiting.empty() && (whole || waiting.front().first < answer.text.sent())) {
        out.push_back(std::move(waiting.front().second));
        waiting.pop_front();
    }
    if (!out.empty()) answer.sink->likelihoods(std::move(out));
}

// Whoever asks for the likelihoods of the prompt needs every row of it.
void scheduler::forget_prefix(sequence& answer) {
    answer.reused = 0;
    keep(answer, 0);
    const auto first = answer.tokens.front();
    const auto& piece = target_->vocabulary()[static_cast<std::size_t>(first)].piece;
    answer.prompt_likelihoods = {{{first, std::string(piece), 0}, {}}};
}

} // namespace tw
