// Refuses in words while the pool is down, else passes on.
#include "pipeline/pool_pipeline.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace tw {
namespace {

using state = pooled::process_report::state;

const char* word(state now) { return now == state::up ? "up" : now == state::down ? "down" : "starting"; }

} // namespace

pool_pipeline::pool_pipeline(pool_parts parts)
    : pool_(parts.pool), process_(std::move(parts.process)), far_(std::move(parts.far)), drafters_(std::move(parts.drafters)),
      swap_({parts.config, parts.plugins, parts.pool, *process_, *far_, std::move(parts.options)}, std::move(parts.model)) {}

result<std::shared_ptr<generation>> pool_pipeline::start(generation_request request,
                                                         std::shared_ptr<generation_sink> sink) {
    auto why = swap_.closed();
    if (why.empty() && far_->is_up()) return far_->start(std::move(request), std::move(sink));
    if (why.empty()) {
        const auto report = process_->now();
        why = "The pool \"" + pool_.name + "\" is down: " +
              (report.why.empty() ? std::string("Its model is being loaded.") : report.why) + " It comes back by itself.";
    }
    auto out = fail(code::unavailable, std::move(why));
    out.retry_after = std::chrono::seconds{5};
    return out;
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
    const auto report = process_->now();
    auto workers = nlohmann::json::array();
    for (const auto& each : pool_.workers)
        workers.push_back({{"name", each.name},
                           {"device", each.device.empty() ? nlohmann::json() : nlohmann::json(each.device)},
                           {"protected", each.peer.has_value()}});
    const auto model = swap_.now();
    if (out["target"].is_object()) out["target"]["model"] = model.name;
    if (const auto why = misfit(); !why.empty() && !out.contains("speculation")) out["speculation"] = {{"why_not", why}};
    out["pool"] = {{"name", pool_.name},
                   {"state", word(report.now)},
                   {"why", report.why.empty() ? nlohmann::json() : nlohmann::json(report.why)},
                   {"pid", report.pid < 0 ? nlohmann::json() : nlohmann::json(report.pid)},
                   {"starts", report.starts},
                   {"progress", report.progress},
                   {"output", pool_.output},
                   {"workers", std::move(workers)},
                   {"model", {{"name", model.name}, {"backend", model.backend},
                              {"file", model.file.empty() ? nlohmann::json() : nlohmann::json(model.file)}}},
                   {"swap", swap_.status()}};
    return out;
}

} // namespace tw
