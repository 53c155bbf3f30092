// The served models and their state.
#include "front/catalogue.hpp"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "front/errors.hpp"

namespace tw::front {

catalogue::catalogue(std::vector<std::string> model_ids) : ids_(std::move(model_ids)) {}

void catalogue::set_progress(float progress) {
    const std::lock_guard lock(mutex_);
    progress_ = std::isfinite(progress) ? std::clamp(progress, 0.0F, 1.0F) : 0.0F;
}

void catalogue::set_ready(std::vector<std::shared_ptr<tw::pipeline>> pipelines) {
    const std::lock_guard lock(mutex_);
    pipelines_.swap(pipelines);
    ids_.clear();
    for (const auto& one : pipelines_)
        ids_.insert(ids_.end(), one->serves().begin(), one->serves().end());
    progress_ = 1;
    ready_ = true;
}

void catalogue::set_extra(std::function<nlohmann::json()> extra) {
    const std::lock_guard lock(mutex_);
    extra_ = std::move(extra);
}

std::vector<std::string> catalogue::model_ids() const {
    const std::lock_guard lock(mutex_);
    return ids_;
}

std::vector<std::string> catalogue::loaded_ids() const {
    std::vector<std::string> out;
    const std::lock_guard lock(mutex_);
    for (const auto& one : pipelines_)
        if (one->loaded()) out.insert(out.end(), one->serves().begin(), one->serves().end());
    return out;
}

std::string catalogue::resolved(const std::string& name) const {
    constexpr std::string_view tag = ":latest";
    if (!name.ends_with(tag)) return name;
    const auto bare = name.substr(0, name.size() - tag.size());
    const std::lock_guard lock(mutex_);
    const bool written_so = std::ranges::find(ids_, name) != ids_.end();
    return !written_so && std::ranges::find(ids_, bare) != ids_.end() ? bare : name;
}

bool catalogue::ready() const {
    const std::lock_guard lock(mutex_);
    return ready_;
}

float catalogue::progress() const {
    const std::lock_guard lock(mutex_);
    return progress_;
}

std::variant<std::shared_ptr<tw::pipeline>, reply> catalogue::find(const std::string& model) const {
    const std::lock_guard lock(mutex_);
    if (model.empty() && ids_.size() != 1 && pipelines_.size() != 1) {
        auto missing = fail(code::invalid_argument,
                            "'model' is missing; GET /v1/models lists what is served.");
        missing.param = "model";
        return error_reply(missing);
    }
    const auto& id = model.empty() ? ids_.front() : model;
    if (std::ranges::find(ids_, id) == ids_.end()) return model_not_found(id, ids_);
    for (const auto& one : pipelines_)
        if (std::ranges::find(one->serves(), id) != one->serves().end()) return one;
    auto loading = fail(code::unavailable, "The model '" + id + "' is still being loaded (" +
                                               std::to_string(std::lround(progress_ * 100)) +
                                               " %); ask again soon.");
    loading.retry_after = std::chrono::seconds{2};
    return error_reply(loading);
}

std::shared_ptr<tw::pipeline> catalogue::named(const std::string& pipeline) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find_if(pipelines_, [&](const auto& one) { return one->name() == pipeline; });
    return found == pipelines_.end() ? nullptr : *found;
}

nlohmann::ordered_json catalogue::status() const {
    std::vector<std::shared_ptr<tw::pipeline>> pipelines;
    std::function<nlohmann::json()> extra;
    nlohmann::ordered_json out;
    {
        const std::lock_guard lock(mutex_);
        pipelines = pipelines_;
        extra = extra_;
        out["status"] = ready_ ? "ok" : "loading";
        out["progress"] = std::round(double(progress_) * 1e3) / 1e3;
        out["models"] = ids_;
    }
    out["pipelines"] = nlohmann::ordered_json::array();
    for (const auto& one : pipelines)
        out["pipelines"].push_back(nlohmann::ordered_json(one->status()));
    if (!extra) return out;
    const auto keys = extra();
    for (const auto& [key, value] : keys.items())
        out[key] = value;
    return out;
}

} // namespace tw::front
