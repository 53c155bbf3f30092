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

/// What clients choose by. Tools and images are passed on where nobody can tell; images only to who is known to see.
struct model_facts {
    bool embeds = false, ranks = false, tools = true, sees = false;
    std::int64_t context = 0;     // 0 = not known
    std::string architecture{};   // likewise
};

/// Of a llama-server, by its /props.
model_facts facts_of_server(const nlohmann::json& props) {
    const auto context = json_member(json_member(props, "default_generation_settings"), "n_ctx");
    return {.tools = json_member(json_member(props, "chat_template_caps"), "supports_tools") != false,
            .sees = json_member(json_member(props, "modalities"), "vision") == true,
            .context = context.is_number_unsigned() ? context.get<std::int64_t>() : 0};
}

/// An engine calls its model by architecture, size and type: "llama 1B Q4_0".
model_facts facts_of(const model_properties& known) {
    if (!known.as_is.empty()) return facts_of_server(nlohmann::json::parse(known.as_is, nullptr, false));
    return {.embeds = known.embeds,
            .ranks = known.ranks,
            .tools = known.calls_tools,
            .context = known.context,
            .architecture = known.model.substr(0, known.model.find(' '))};
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

std::variant<std::string, reply> ollama_shown_model(const catalogue& models, std::string_view body) {
    nlohmann::json parsed;
    if (const auto failure = parse_body(body, parsed)) return error_reply(*failure);
    fields in(parsed);
    const auto named = in.text("model");
    const auto name = named ? *named : in.text("name").value_or("");
    if (in.failure()) return error_reply(*in.failure());
    const auto known = models.model_ids();
    auto id = models.resolved(name);
    if (std::ranges::find(known, id) == known.end()) return model_not_found(name, known);
    return id;
}

reply ollama_show_page(const std::optional<model_properties>& known, std::int64_t created) {
    const auto facts = known ? facts_of(*known) : model_facts{};
    ordered_json out{{"modelfile", ""}, {"parameters", ""}, {"template", ""},
                     {"details", details()}, {"model_info", ordered_json::object()}};
    auto family = facts.architecture.empty() ? std::string("general") : facts.architecture;
    if (!facts.architecture.empty()) {
        out["details"]["family"] = family;
        out["details"]["families"] = ordered_json::array({family});
        out["model_info"]["general.architecture"] = family;
    }
    if (facts.context > 0) out["model_info"][family + ".context_length"] = facts.context;
    auto& can = out["capabilities"] = ordered_json::array();
    if (!facts.ranks) can.push_back(facts.embeds ? "embedding" : "completion"); // no API of Ollama's asks for an order
    if (facts.tools) can.push_back("tools");
    if (facts.sees) can.push_back("vision");
    out["modified_at"] = ollama_time(created);
    return page(out);
}

} // namespace tw::front
