// What /v1/tightwad/status says about a pipeline with an engine.
#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "pipeline/engine_pipeline.hpp"

namespace tw {
namespace {

using nlohmann::json;

double rounded(double value, double unit) { return std::round(value / unit) * unit; }
double ms(double seconds) { return rounded(seconds * 1e3, 1e-4); }
double ratio(double a, double b) { return b > 0 ? rounded(a / b, 1e-4) : 0.0; }

json sources(const speculation_stats& totals) {
    auto out = json::object();
    for (std::size_t i = 0; i < draft_sources; ++i)
        out[name(static_cast<draft_source>(i))] = {{"drafted", totals.sources[i].drafted},
                                                   {"accepted", totals.sources[i].accepted}};
    return out;
}

json estimates(const drafting_report& report) {
    auto verify = json::object();
    for (const auto& [rows, seconds] : report.times) verify[std::to_string(rows)] = ms(seconds);
    auto positions = json::array();
    for (const auto each : report.by_position) positions.push_back(rounded(each, 1e-4));
    auto drafters = json::array();
    for (const auto& each : report.drafters)
        drafters.push_back({{"backend", each.name}, {"alive", each.alive}, {"here", each.here}, {"streams", each.streams},
                            {"acceptance", rounded(each.acceptance, 1e-4)},
                            {"observations", std::round(each.observations)},
                            {"draft_ms", ms(each.token_s)}, {"handover_ms", ms(each.handover_s)},
                            {"contention", rounded(each.contention, 1e-3)},
                            {"branches", {{"hits", each.branch_hits}, {"misses", each.branch_misses}}}});
    const auto* first = report.drafters.empty() ? nullptr : &report.drafters.front();
    return {{"step_ms", ms(report.step_s)}, {"verify", verify}, {"reshape_ms", ms(report.reshape_s)}, {"acceptance_by_position", positions},
            {"acceptance", first ? rounded(first->acceptance, 1e-4) : 0.0},
            {"draft_ms", first ? ms(first->token_s) : 0.0}, {"handover_ms", first ? ms(first->handover_s) : 0.0},
            {"ngram_acceptance", rounded(report.ngram, 1e-4)},
            {"prediction_acceptance", rounded(report.prediction, 1e-4)}, {"drafters", drafters}};
}

} // namespace

json engine_pipeline::status() const {
    const auto state = scheduler_.state();
    const auto& totals = state.totals;
    const auto& info = scheduler_.target().info();
    const auto* planner = scheduler_.planner();
    const auto report = planner ? planner->report() : drafting_report{};
    const bool drafting = std::any_of(report.drafters.begin(), report.drafters.end(),
                                      [](const auto& each) { return each.alive && each.here; });
    json speculation{{"active", drafting}, // a model drafts; what was said before is drafted from all the same
                     {"why_not", no_draft_.empty() ? json(nullptr) : json(no_draft_)},
                     {"max_draft_tokens", draft_limit_},
                     {"verify", believed_.on() ? "approximate" : "exact"}};
    if (believed_.on())
        speculation["consensus"] = {{"mode", tw::name(believed_.asks)}, {"drafters", believed_.configured},
                                    {"quorum", believed_.quorum()}, {"agreed", totals.agreed}, {"overruled", totals.overruled}};
    if (planner != nullptr) {
        speculation["mode"] = report.mode;
        speculation["draft_tokens"] = rounded(report.draft_length, 1e-2);
        speculation["predicted_speedup"] = rounded(report.predicted_speedup, 1e-3);
        speculation["estimates"] = estimates(report);
    }
    auto drafts = json::array();
    for (const auto& model : draft_models_) drafts.push_back({{"model", model}});
    return {
        {"name", name_},
        {"serves", serves_},
        {"target",
         {{"model", info.model}, {"device", info.device}, {"build", info.build}, {"context", info.n_ctx},
          {"weight_bytes", info.weight_bytes}, {"vocabulary", scheduler_.target().vocabulary_digest()},
          {"exactness", exactness_.kind ? json(tw::name(*exactness_.kind)) : json(nullptr)},
          {"exactness_cost", rounded(exactness_.cost, 1e-3)}, {"exactness_findings", exactness_.findings}}},
        {"draft", drafts.empty() ? json(nullptr) : drafts.front()},
        {"drafts", drafts},
        {"speculation", speculation},
        {"slots", {{"total", state.slots}, {"active", state.active}, {"queued", state.queued}}},
        {"stats",
         {{"requests", state.requests}, {"rounds", totals.rounds}, {"drafted", totals.drafted},
          {"accepted", totals.accepted}, {"bonus", totals.bonus}, {"tokens", totals.tokens},
          {"agreed", totals.agreed}, {"overruled", totals.overruled},
          {"sources", sources(totals)}, {"acceptance", totals.acceptance()},
          {"tokens_per_round", ratio(static_cast<double>(totals.tokens), static_cast<double>(totals.rounds))},
          {"prompt_tokens", state.prompt_tokens}, {"cached_tokens", state.cached_tokens},
          {"queue_s", totals.queue_s}, {"prefill_s", totals.prefill_s}, {"draft_s", totals.draft_s},
          {"verify_s", totals.verify_s}, {"scheduler_us_p50", rounded(state.own_us, 0.1)},
          {"scheduler_wall_us_p50", rounded(state.wall_us, 0.1)},
          {"sampling_us_p50", rounded(state.sampling_us, 0.1)}}},
    };
}

} // namespace tw
