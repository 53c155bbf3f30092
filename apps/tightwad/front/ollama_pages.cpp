// Ollama's lists. What Tightwad does not know of a model (size, digest, family) is zero or empty, never made up.
#include "front/ollama_pages.hpp"

#include <algorithm>
#include <ctime>

#include "front/catalogue.hpp"
#include "front/errors.hpp"
#include "front/fields.hpp"
#include "front/json_body.hpp"
#include "front/json_text.hpp"

namespace tw::front {
namespace {

using nlohmann::ordered_json;

/// The release whose API is spoken: clients refuse to talk to an Ollama that is too old for them.
constexpr const char* spoken_version = "0.12.0";

ordered_json details() {
    return {{"parent_model", ""},   {"format", "gguf"},     {"family", ""},
            {"families", nullptr},  {"parameter_size", ""}, {"quantization_level", ""}};
}

ordered_json entry(const std::string& id) {
    return {{"name", id}, {"model", id}, {"size", 0}, {"digest", std::string(64, '0')},
            {"details", details()}};
}

reply page(const ordered_json& json) {
    return {.body = text_of(json)};
}

} // namespace

std::string ollama_time(std::int64_t seconds) {
    const auto when = static_cast<std::time_t>(seconds);
    std::tm utc{};
    gmtime_r(&when, &utc);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

reply ollama_tags_page(const catalogue& models, std::int64_t created) {
    ordered_json out;
    out["models"] = ordered_json::array();
    for (const auto& id : models.model_ids()) {
        auto one = entry(id);
        one["modified_at"] = ollama_time(created);
        out["models"].push_back(std::move(one));
    }
    return page(out);
}

reply ollama_ps_page(const catalogue& models) {
    ordered_json out;
    out["models"] = ordered_json::array();
    for (const auto& id : models.loaded_ids()) {
        auto one = entry(id);
        one["expires_at"] = "9999-12-31T23:59:59Z"; // when they go depends on who asks for what
        one["size_vram"] = 0;
        out["models"].push_back(std::move(one));
    }
    return page(out);
}

reply ollama_version_page() {
    ordered_json out;
    out["version"] = spoken_version;
    out["tightwad"] = TIGHTWAD_VERSION;
    return page(out);
}

reply ollama_show_page(const catalogue& models, std::string_view body, std::int64_t created) {
    nlohmann::json parsed;
    if (const auto failure = parse_body(body, parsed)) return error_reply(*failure);
    fields in(parsed);
    const auto named = in.text("model");
    const auto name = named ? *named : in.text("name").value_or("");
    if (in.failure()) return error_reply(*in.failure());
    const auto known = models.model_ids();
    if (std::ranges::find(known, models.resolved(name)) == known.end())
        return model_not_found(name, known);
    ordered_json out{{"modelfile", ""}, {"parameters", ""}, {"template", ""},
                     {"details", details()}, {"model_info", ordered_json::object()}};
    out["capabilities"] = ordered_json::array({"completion"});
    out["modified_at"] = ollama_time(created);
    return page(out);
}

} // namespace tw::front
