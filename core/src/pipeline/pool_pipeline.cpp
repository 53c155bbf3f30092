// Refuses in words while the pool is down, else passes on.
#include "pipeline/pool_pipeline.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace tw {
namespace {

using state = pooled::process_report::state;

const char* word(state now) { return now == state::up ? "up" : now == state::down ? "down" : "starting"; }

} // namespace

pool_pipeline::pool_pipeline(pool_config pool, std::unique_ptr<pooled::pool_process> process,
                             std::shared_ptr<peer::remote_pipeline> far)
    : pool_(std::move(pool)), process_(std::move(process)), far_(std::move(far)) {}

result<std::shared_ptr<generation>> pool_pipeline::start(generation_request request,
                                                         std::shared_ptr<generation_sink> sink) {
    if (far_->is_up()) return far_->start(std::move(request), std::move(sink));
    const auto report = process_->now();
    auto out = fail(code::unavailable,
                    "The pool \"" + pool_.name +
                        "\" is down: " + (report.why.empty() ? std::string("Its model is being loaded.") : report.why) +
                        " It comes back by itself.");
    out.retry_after = std::chrono::seconds{5};
    return out;
}

nlohmann::json pool_pipeline::status() const {
    auto out = far_->status();
    const auto report = process_->now();
    auto workers = nlohmann::json::array();
    for (const auto& each : pool_.workers)
        workers.push_back({{"name", each.name},
                           {"device", each.device.empty() ? nlohmann::json() : nlohmann::json(each.device)},
                           {"protected", each.peer.has_value()}});
    out["pool"] = {{"name", pool_.name},
                   {"state", word(report.now)},
                   {"why", report.why.empty() ? nlohmann::json() : nlohmann::json(report.why)},
                   {"pid", report.pid < 0 ? nlohmann::json() : nlohmann::json(report.pid)},
                   {"starts", report.starts},
                   {"progress", report.progress},
                   {"output", pool_.output},
                   {"workers", std::move(workers)}};
    return out;
}

} // namespace tw
