// Models, health and status as JSON.
#include "front/pages.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "front/catalogue.hpp"
#include "front/errors.hpp"
#include "front/json_text.hpp"

namespace tw::front {
namespace {

using nlohmann::ordered_json;

reply page(const ordered_json& json, unsigned status = 200) {
    return {.status = status, .body = text_of(json)};
}

ordered_json model_object(const std::string& id, std::int64_t created) {
    return {{"id", id}, {"object", "model"}, {"created", created}, {"owned_by", "tightwad"}};
}

} // namespace

reply greeting_page() {
    return {.body = "Tightwad is running. The API is under /v1, as in /v1/chat/completions.\n",
            .content_type = "text/plain; charset=utf-8"};
}

reply health_page(const catalogue& models) {
    if (models.ready()) return page({{"status", "ok"}});
    auto out = page(
        {{"status", "loading"}, {"progress", std::round(double(models.progress()) * 1e3) / 1e3}},
        503);
    out.headers.emplace_back("Retry-After", "1");
    return out;
}

reply models_page(const catalogue& models, std::int64_t created) {
    auto data = ordered_json::array();
    for (const auto& id : models.model_ids())
        data.push_back(model_object(id, created));
    return page({{"object", "list"}, {"data", std::move(data)}});
}

reply model_page(const catalogue& models, const std::string& id, std::int64_t created) {
    const auto known = models.model_ids();
    if (std::ranges::find(known, id) == known.end()) return model_not_found(id, known);
    return page(model_object(id, created));
}

reply status_page(const catalogue& models, const counters& counts) {
    using namespace std::chrono;
    const auto now = duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
    auto out = models.status();
    out["server"] = {
        {"version", TIGHTWAD_VERSION},       {"uptime_s", now - counts.started},
        {"connections", counts.connections}, {"requests", counts.requests},
        {"answers", counts.answers},         {"running_answers", counts.running_answers},
        {"disconnects", counts.disconnects}};
    return page(out);
}

} // namespace tw::front
