// The chains: one entry per token, linked to the previous place of the same pair.
#include "speculation/suffix_index.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace tw {
namespace {

std::uint64_t pair_of(std::int32_t first, std::int32_t second) {
    return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(first)) << 32U) | static_cast<std::uint32_t>(second);
}

} // namespace

grade grade_of_match(std::size_t length) {
    constexpr std::array<std::size_t, grades - 1> bounds{3, 4, 6, 9, 14, 22, 32};
    return static_cast<grade>(std::distance(bounds.begin(), std::upper_bound(bounds.begin(), bounds.end(), length)));
}

void suffix_index::append(std::int32_t token) {
    text_.push_back(token);
    earlier_.push_back(-1);
    if (text_.size() < 2) return;
    // The entry stands for the place behind the pair, which may be the end of the text for now.
    const auto [place, is_new] =
        last_.try_emplace(pair_of(text_[text_.size() - 2], token), static_cast<std::int32_t>(text_.size()));
    if (is_new) return;
    earlier_.back() = place->second;
    place->second = static_cast<std::int32_t>(text_.size());
}

void suffix_index::append(std::span<const std::int32_t> tokens) {
    for (const auto token : tokens) append(token);
}

suffix_index::match suffix_index::find(std::span<const std::int32_t> context) const {
    match best{size(), 0};
    if (context.size() < 2) return best;
    const auto newest = last_.find(pair_of(context[context.size() - 2], context.back()));
    if (newest == last_.end()) return best;
    auto place = newest->second;
    for (int looked = 0; looked < most_places && place >= 0; ++looked) {
        const auto end = static_cast<std::size_t>(place);
        place = earlier_[end - 1];
        if (end == size()) continue;
        const auto most = std::min({end, context.size(), longest_match});
        std::size_t length = 2;
        while (length < most && text_[end - 1 - length] == context[context.size() - 1 - length]) ++length;
        if (length > best.length) best = {end, length};
        if (length == longest_match) break;
    }
    return best;
}

} // namespace tw
