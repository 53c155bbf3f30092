// An engine's vectors, with everything it answers checked.
#include <tuple>

#include "bridge/call.hpp"
#include "bridge/engine.hpp"
#include "bridge/texts.hpp"

namespace tw {

result<embedding_info> engine::embedding() const {
    if (embeddings_ == nullptr)
        return fail(code::unsupported, "The plugin " + plugin_id_ + " that holds the model makes no embeddings.");
    tw_embedding_info raw{};
    raw.size = sizeof raw;
    const auto read = checked(plugin_id_, "info",
                              [&](tw_error* problem) { return embeddings_->info(self_.get(), &raw, problem); });
    if (!read) return read.error();
    for (const auto& [name, value] : {std::tuple{"dimensions", raw.dimensions}, std::tuple{"n_tokens", raw.n_tokens},
                                      std::tuple{"n_texts", raw.n_texts}})
        if (value < 1 || value > (1 << 24))
            return broke_contract(plugin_id_, "its embeddings' " + std::string(name) + " is " + std::to_string(value));
    return embedding_info{raw.dimensions, raw.n_tokens, raw.n_texts};
}

result<void> engine::embed(std::span<const std::vector<std::int32_t>> texts, const embedding_info& sizes,
                           std::span<float> out) {
    if (out.size() != texts.size() * static_cast<std::size_t>(sizes.dimensions))
        return fail(code::internal, "There is no room for " + std::to_string(texts.size()) + " vectors.");
    return compute(plugin_id_, "embed", texts, out, [&](const auto& lent, tw_error* problem) {
        return embeddings_->embed(self_.get(), lent.data(), lent.size(), out.data(), problem);
    });
}

} // namespace tw
