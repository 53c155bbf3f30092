// Sentences and JSON of a pool.
#include "pipeline/pool_words.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace tw {
namespace {

using state = pooled::process_report::state;

const char* word(state now) { return now == state::up ? "up" : now == state::down ? "down" : "starting"; }

} // namespace

error pool_is_down(const pool_config& pool, const pooled::process_report& report, std::string why) {
    if (why.empty())
        why = "The pool \"" + pool.name + "\" is down: " +
              (report.why.empty() ? std::string("Its model is being loaded.") : report.why) + " It comes back by itself.";
    auto out = fail(code::unavailable, std::move(why));
    out.retry_after = std::chrono::seconds{5};
    return out;
}

nlohmann::json pool_json(const pool_config& pool, const pooled::process_report& report) {
    auto workers = nlohmann::json::array();
    for (const auto& each : pool.workers)
        workers.push_back({{"name", each.name},
                           {"device", each.device.empty() ? nlohmann::json() : nlohmann::json(each.device)},
                           {"protected", each.peer.has_value() && each.is_private()}});
    return {{"name", pool.name},
            {"state", word(report.now)},
            {"why", report.why.empty() ? nlohmann::json() : nlohmann::json(report.why)},
            {"pid", report.pid < 0 ? nlohmann::json() : nlohmann::json(report.pid)},
            {"starts", report.starts},
            {"progress", report.progress},
            {"warnings", report.warnings},
            {"workers", std::move(workers)}};
}

nlohmann::json model_json(const pool_model& model) {
    return {{"name", model.name},
            {"backend", model.backend},
            {"file", model.file.empty() ? nlohmann::json() : nlohmann::json(model.file)}};
}

} // namespace tw
