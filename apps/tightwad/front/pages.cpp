// Models, health and status as JSON.
#include "front/pages.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/text.hpp"
#include "front/catalogue.hpp"
#include "front/errors.hpp"
#include "front/fields.hpp"
#include "front/json_body.hpp"
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

reply swap_page(const catalogue& models, std::string_view body) {
    nlohmann::json parsed;
    if (const auto failure = parse_body(body, parsed)) return error_reply(*failure);
    fields in(parsed);
    const auto name = in.text("pipeline"), model = in.text("model");
    if (in.failure()) return error_reply(*in.failure());
    if (!name || !model || model->empty())
        return http_error(400, "'pipeline' and 'model' are needed: whose model, and which one.", "invalid_value");
    if (!models.ready()) {
        auto loading = fail(code::unavailable, "The models are still being loaded; ask again when /health says ok.");
        loading.retry_after = std::chrono::seconds{2};
        return error_reply(loading);
    }
    const auto which = models.named(*name);
    if (!which)
        return http_error(404,
                          "There is no pipeline '" + std::string(cut_utf8(*name, 200)) +
                              "'; GET /v1/tightwad/status lists them.",
                          "not_found");
    const auto begun = which->swap_model(*model);
    if (begun) return page({{"pipeline", *name}, {"model", *model}}, 202);
    if (begun.error().code == code::busy) return http_error(409, begun.error().message, "swap_under_way");
    return error_reply(begun.error());
}

} // namespace tw::front
