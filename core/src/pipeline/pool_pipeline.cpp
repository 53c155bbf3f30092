// Refuses in words while the pool is down, else passes on.
#include "pipeline/pool_pipeline.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "pipeline/pool_words.hpp"

namespace tw {

pool_pipeline::pool_pipeline(pool_parts parts)
    : pool_(parts.pool), process_(std::move(parts.process)), far_(std::move(parts.far)), drafters_(std::move(parts.drafters)),
      swap_({parts.config, parts.plugins, parts.pool, *process_, [this] { return far_->running(); },
             [this] { return far_->is_up(); }, std::move(parts.options)},
            std::move(parts.model)) {}

std::optional<error> pool_pipeline::closed() const {
    auto why = swap_.closed();
    if (why.empty() && far_->is_up()) return std::nullopt;
    return pool_is_down(pool_, process_->now(), std::move(why));
}

result<std::shared_ptr<generation>> pool_pipeline::start(generation_request request,
                                                         std::shared_ptr<generation_sink> sink) {
    if (auto why = closed()) return std::move(*why);
    return far_->start(std::move(request), std::move(sink));
}

result<std::shared_ptr<generation>> pool_pipeline::ask(question asked, finding_function done) {
    if (auto why = closed()) return std::move(*why);
    return far_->ask(std::move(asked), std::move(done));
}

// Of the first drafter that can propose nothing to the model that is loaded now.
std::string pool_pipeline::misfit() const {
    const auto target = far_->remote();
    if (!target) return {};
    for (const auto& each : drafters_)
        if (const auto draft = each->engine(); !draft.vocabulary.empty() && draft.vocabulary != target->vocabulary)
            return "The draft \"" + draft.name + "\" has another vocabulary than \"" + swap_.now().name +
                   "\", so it proposes nothing; the answers are the target's own as ever.";
    return {};
}

nlohmann::json pool_pipeline::status() const {
    auto out = far_->status();
    const auto model = swap_.now();
    if (out["target"].is_object()) out["target"]["model"] = model.name;
    if (const auto why = misfit(); !why.empty() && !out.contains("speculation")) out["speculation"] = {{"why_not", why}};
    auto& pool = out["pool"] = pool_json(pool_, process_->now());
    pool["output"] = pool_.output;
    pool["model"] = model_json(model);
    pool["swap"] = swap_.status();
    return out;
}

} // namespace tw
