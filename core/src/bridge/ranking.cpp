// An engine's order of documents, with everything it answers checked.
#include <tuple>

#include "bridge/call.hpp"
#include "bridge/engine.hpp"
#include "bridge/texts.hpp"

namespace tw {
namespace {

// Tokens of a pair that come from neither text: of a prompt that tells the model what to do.
constexpr std::size_t room_around = 4096;

} // namespace

result<ranking_info> engine::ranking() const {
    if (rankings_ == nullptr)
        return fail(code::unsupported, "The plugin " + plugin_id_ + " that holds the model puts no documents in order.");
    tw_ranking_info raw{};
    raw.size = sizeof raw;
    const auto read = checked(plugin_id_, "info",
                              [&](tw_error* problem) { return rankings_->info(self_.get(), &raw, problem); });
    if (!read) return read.error();
    for (const auto& [name, value] : {std::tuple{"n_tokens", raw.n_tokens}, std::tuple{"n_pairs", raw.n_pairs}})
        if (value < 1 || value > (1 << 24))
            return broke_contract(plugin_id_, "its rankings' " + std::string(name) + " is " + std::to_string(value));
    return ranking_info{raw.n_tokens, raw.n_pairs};
}

result<std::vector<std::int32_t>> engine::pair(std::string_view query, std::string_view document) const {
    return read_tokens("pair", query.size() + document.size(), room_around,
                       [&](std::span<std::int32_t> ids, std::size_t* needed, tw_error* problem) {
                           return rankings_->pair(self_.get(), abi(query), abi(document), ids.data(), ids.size(), needed,
                                                  problem);
                       });
}

result<void> engine::score(std::span<const std::vector<std::int32_t>> pairs, std::span<float> out) {
    if (out.size() != pairs.size())
        return fail(code::internal, "There is no room for " + std::to_string(pairs.size()) + " scores.");
    return compute(plugin_id_, "score", pairs, out, [&](const auto& lent, tw_error* problem) {
        return rankings_->score(self_.get(), lent.data(), lent.size(), out.data(), problem);
    });
}

} // namespace tw
