// Keeps the two counts in step with the tokens.
#include "sampling/history.hpp"

#include <algorithm>
#include <limits>

namespace tw {
namespace {

void take(token_history::counts& counts, std::int32_t token) {
    const auto found = counts.find(token);
    if (--found->second == 0) counts.erase(found);
}

} // namespace

token_history::token_history(std::int32_t last_n)
    : window_(last_n < 0 ? std::numeric_limits<std::size_t>::max()
                         : static_cast<std::size_t>(last_n)) {}

void token_history::append(std::int32_t token) {
    tokens_.push_back(token);
    if (window_ == 0) return;
    ++recent_[token];
    if (tokens_.size() > window_) take(recent_, tokens_[tokens_.size() - 1 - window_]);
}

void token_history::prompt(std::span<const std::int32_t> tokens) {
    tokens_.clear();
    recent_.clear();
    generated_.clear();
    for (const auto token : tokens)
        append(token);
    prompt_size_ = tokens_.size();
}

void token_history::push(std::int32_t token) {
    append(token);
    ++generated_[token];
}

void token_history::pop(std::size_t n) {
    for (n = std::min(n, tokens_.size() - prompt_size_); n != 0; --n) {
        const auto token = tokens_.back();
        take(generated_, token);
        if (window_ != 0) {
            take(recent_, token);
            if (tokens_.size() > window_) ++recent_[tokens_[tokens_.size() - 1 - window_]];
        }
        tokens_.pop_back();
    }
}

} // namespace tw
