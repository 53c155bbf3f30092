// Shares, speeds, and a comparison.
#include "plan/proposal.hpp"

#include <algorithm>
#include <numeric>

namespace tw::plan {
namespace {

bool all_fit(const std::vector<share>& shares) {
    return !shares.empty() && std::ranges::all_of(shares, &share::fits);
}

// Of a layer with its cache; the largest counts for all.
std::uint64_t layer_needs(const model_shape& model, std::uint64_t tokens) {
    std::uint64_t out = 0;
    for (const auto& one : model.layers)
        out = std::max(out, one.bytes + one.cache_bytes_per_token.value_or(0) * tokens);
    return out;
}

} // namespace

proposal alone(const model_shape& model, const machine& one, std::uint64_t tokens) {
    proposal out{proposal::kind::solo, one.name, split_layers(model, {{one.name, one.memory_bytes}}, tokens)};
    out.fits = all_fit(out.shares);
    auto here = one;
    here.link.reset();
    if (const auto pass = pass_s(model, out.shares, {here}, 1); pass && *pass > 0) out.tokens_s = 1 / *pass;
    out.at_most = one.compute && one.compute->bound;
    return out;
}

std::optional<proposal> replicas(const std::vector<proposal>& each_alone) {
    proposal out{proposal::kind::replicas, "", {}};
    out.answers = 0;
    for (const auto& one : each_alone) {
        if (!one.fits) continue;
        ++out.answers;
        out.name += (out.name.empty() ? "" : ", ") + one.name;
        if (!one.tokens_s) continue;
        out.sum_tokens_s += *one.tokens_s;
        out.at_most = out.at_most || one.at_most;
        out.tokens_s = std::max(out.tokens_s.value_or(0), *one.tokens_s);
    }
    if (out.answers < 2) return std::nullopt;
    out.fits = true;
    return out;
}

proposal over(const model_shape& model, const std::string& pool, const std::vector<machine>& machines,
              std::vector<share> shares) {
    proposal out{proposal::kind::pool, "pool " + pool, std::move(shares)};
    out.fits = all_fit(out.shares);
    if (const auto pass = pass_s(model, out.shares, machines, 1); pass && *pass > 0) out.tokens_s = 1 / *pass;
    return out;
}

std::optional<proposal> with_drafts(const proposal& pool, const model_shape& model, const std::vector<machine>& machines,
                                    const draft_model& draft) {
    if (!pool.tokens_s) return std::nullopt;
    const auto best = best_drafting(
        [&](std::uint32_t rows) { return pass_s(model, pool.shares, machines, rows).value_or(0); }, draft.token_s,
        draft.acceptance, draft.longest);
    auto out = pool;
    out.how = proposal::kind::pool_draft;
    out.tokens_s = best.tokens_s;
    out.draft_tokens = best.length;
    return out;
}

const proposal* best_of(const std::vector<proposal>& all) {
    const proposal* best = nullptr;
    // Replicas are their fastest machine to one answer, which is in the list as itself.
    for (const auto& one : all) {
        if (!one.fits || one.how == proposal::kind::replicas) continue;
        if (best == nullptr || one.tokens_s.value_or(0) > best->tokens_s.value_or(0)) best = &one;
    }
    return best;
}

const proposal* better_alone(const proposal& pool, const std::vector<proposal>& all) {
    const proposal* best = nullptr;
    for (const auto& one : all)
        if (one.how == proposal::kind::solo && one.fits && one.tokens_s && !one.at_most && pool.tokens_s &&
            *one.tokens_s > std::max(*pool.tokens_s, best == nullptr ? 0 : *best->tokens_s))
            best = &one;
    return best;
}

std::optional<std::vector<std::uint64_t>> fastest_first(const model_shape& model, const std::vector<machine>& machines,
                                                        std::uint64_t tokens) {
    const auto needs = layer_needs(model, tokens);
    if (needs == 0 || std::ranges::any_of(machines, [](const auto& one) { return !one.compute || one.memory_bytes == 0; }))
        return std::nullopt;
    std::vector<std::size_t> order(machines.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return machines[i].compute->of(1); });
    std::vector<std::uint64_t> layers(machines.size(), 0);
    std::uint64_t left = model.layers.size();
    for (const auto i : order) {
        // Any of them may be the last in the row, which holds the output too.
        const auto room = machines[i].memory_bytes - std::min(machines[i].memory_bytes, model.output_bytes);
        layers[i] = std::min(left, room / needs);
        left -= layers[i];
    }
    const auto last = std::find_if(layers.rbegin(), layers.rend(), [](auto count) { return count > 0; });
    if (left > 0 || last == layers.rend()) return std::nullopt;
    ++*last;
    return layers;
}

} // namespace tw::plan
