// Follows and goes back.
#include "sampling/mask_history.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace tw {
namespace {

constexpr std::size_t apart = 16, most_places = 6;

} // namespace

mask_history::mask_history(std::unique_ptr<token_mask> start) : current_(std::move(start)) { keep(); }

void mask_history::fail_with(error why) {
    if (!failure_) failure_ = std::move(why);
}

void mask_history::keep() {
    auto copy = current_->clone();
    if (!copy) return fail_with(copy.error());
    places_.push_back({tokens_.size(), std::move(*copy)});
    if (places_.size() > most_places) places_.erase(places_.begin() + 1);
}

void mask_history::push(std::int32_t token) {
    if (failure_) return;
    if (const auto accepted = current_->accept(token); !accepted) return fail_with(accepted.error());
    tokens_.push_back(token);
    if (tokens_.size() - places_.back().length >= apart) keep();
}

void mask_history::pop(std::size_t n) {
    if (failure_ || n == 0) return;
    const auto length = tokens_.size() - std::min(n, tokens_.size());
    while (places_.back().length > length) places_.pop_back();
    auto back = places_.back().mask->clone();
    if (!back) return fail_with(back.error());
    current_ = std::move(*back);
    for (auto i = places_.back().length; i < length; ++i)
        if (const auto accepted = current_->accept(tokens_[i]); !accepted) return fail_with(accepted.error());
    tokens_.resize(length);
}

std::span<const std::uint8_t> mask_history::allowed(std::span<const std::int32_t> tokens) {
    flags_.assign(tokens.size(), 1);
    if (failure_) return flags_;
    if (const auto asked = current_->allowed(tokens, flags_); !asked) {
        fail_with(asked.error());
        flags_.assign(tokens.size(), 1);
    }
    return flags_;
}

bool mask_history::allows(std::int32_t token) { return allowed({&token, 1}).front() != 0; }

void mask_history::forbid(std::span<float> logits) {
    if (ids_.size() != logits.size()) {
        ids_.resize(logits.size());
        std::iota(ids_.begin(), ids_.end(), 0);
    }
    const auto flags = allowed(ids_);
    for (std::size_t i = 0; i < logits.size(); ++i)
        if (flags[i] == 0) logits[i] = -std::numeric_limits<float>::infinity();
}

} // namespace tw
