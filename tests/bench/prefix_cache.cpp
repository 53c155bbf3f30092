// Two copies of the models: one that remembers, one that is asked each prompt once.
#include "prefix_cache.hpp"

#include <cstdio>
#include <stdexcept>

#include "pipeline/engine_pipeline.hpp"
#include "support/real_pipeline.hpp"

namespace bench {
namespace {

using tw::generation_request;
using tw::token_ids;

// Beginnings that every prompt shares: the beginning-of-sequence token, and a word by chance.
constexpr std::int64_t chance = 8;

generation_request request_for(token_ids prompt, std::size_t index, bool speculate, int max_tokens) {
    constexpr float temperatures[] = {0.0F, 0.7F, 1.0F};
    generation_request out;
    out.input = std::move(prompt);
    out.sampling.temperature = temperatures[index % 3];
    out.sampling.seed = 500 + index;
    out.max_tokens = max_tokens;
    out.speculate = speculate;
    out.logits_digest = true;
    return out;
}

token_ids ids_of(const tw::pipeline& models, const std::string& text) {
    const auto* engine = dynamic_cast<const tw::engine_pipeline*>(&models);
    if (engine == nullptr) throw std::logic_error("the bench's pipeline has no engine");
    generation_request request;
    request.input = text;
    return engine->prompt_tokens(request).value();
}

} // namespace

warm_figures check_prefix_cache(const std::function<std::shared_ptr<tw::pipeline>()>& load,
                                const std::vector<std::string>& texts, int max_tokens) {
    const auto remembering = load(), fresh = load();
    warm_figures out;
    const auto compare = [&](const answer& warm, const answer& cold) {
        ++out.runs;
        out.warm += warm.result.cached_tokens > chance ? 1 : 0;
        out.cached += static_cast<std::size_t>(warm.result.cached_tokens);
        out.mismatches += equal(warm, cold) ? 0 : 1;
    };
    const auto must_be_cold = [&](const answer& cold) {
        if (cold.result.cached_tokens <= chance) return;
        ++out.mismatches;
        std::fprintf(stderr, "a run that should be cold took %lld tokens from the cache\n",
                     static_cast<long long>(cold.result.cached_tokens));
    };
    for (std::size_t i = 0; i < texts.size(); ++i) {
        progress("known prefix", i, texts.size());
        const auto prompt = ids_of(*remembering, texts[i]);
        const auto ask_warm = [&](token_ids ids, bool speculate) {
            return ask(*remembering, request_for(std::move(ids), i, speculate, max_tokens));
        };
        const auto cold = ask_warm(prompt, false);
        must_be_cold(cold);
        compare(ask_warm(prompt, true), cold);

        auto longer = prompt;
        if (i % 2 == 0) {
            longer.insert(longer.end(), cold.result.tokens.begin(), cold.result.tokens.end() - 1);
        } else {
            longer.resize(prompt.size() * 2 / 3);
        }
        const auto tail = ids_of(*remembering, "And then, on the next day,");
        longer.insert(longer.end(), tail.begin() + 1, tail.end());
        const auto cold_longer = ask(*fresh, request_for(longer, i, false, max_tokens));
        must_be_cold(cold_longer);
        compare(ask_warm(longer, true), cold_longer);
    }
    return out;
}

} // namespace bench
