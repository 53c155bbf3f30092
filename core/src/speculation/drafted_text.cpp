// Compares what it holds with what it is told.
#include "speculation/drafted_text.hpp"

#include <span>
#include <utility>

namespace tw {

drafted_text::drafted_text(std::vector<std::int32_t> prompt) : tokens_(std::move(prompt)) {
    for (const auto token : tokens_) digests_.push_back(extend(digests_.back(), token));
}

drafted_text::outcome drafted_text::follow(const draft_order& order) {
    const std::size_t base = order.base, told = order.tail.size(), before = committed();
    if (told > base || base - told > tokens_.size() || base < before) return outcome::lost;
    const auto start = base - told;
    const auto held = tokens_.size();
    const auto same = start + common_prefix(std::span(tokens_).subspan(start), order.tail);
    if (same < base) {
        if (same < before) return outcome::lost;
        tokens_.resize(same);
        digests_.resize(same + 1);
        grades_.clear();
        for (auto i = same; i < base; ++i) {
            tokens_.push_back(order.tail[i - start]);
            digests_.push_back(extend(digests_.back(), tokens_.back()));
        }
    } else {
        grades_.erase(grades_.begin(), grades_.begin() + static_cast<std::ptrdiff_t>(base - before));
    }
    if (digests_[base] != order.prefix) return outcome::lost;
    if (same == base) return outcome::kept;
    return same == held ? outcome::overtaken : outcome::corrected;
}

void drafted_text::append(proposal drafted) {
    tokens_.push_back(drafted.token);
    digests_.push_back(extend(digests_.back(), drafted.token));
    grades_.push_back(drafted.grade);
}

draft_batch drafted_text::batch(const draft_order& order, std::size_t from, std::size_t to) const {
    const auto base = committed() + from;
    draft_batch out{.sequence = order.sequence, .epoch = order.epoch, .base = static_cast<std::uint32_t>(base),
                    .prefix = digests_[base], .tokens = {}, .complete = false, .seconds = 0};
    for (auto i = from; i < to; ++i) out.tokens.push_back({tokens_[committed() + i], grades_[i]});
    return out;
}

std::size_t drafted_text::wanted(const draft_order& order, const std::array<float, grades>& chance, float usual) const {
    float stands = 1;
    std::size_t out = 0;
    while (out < order.want && stands >= order.floor) {
        stands *= out < grades_.size() ? chance.at(grades_[out]) : usual;
        ++out;
    }
    return out;
}

} // namespace tw
