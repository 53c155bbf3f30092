// [pipeline.NAME]: which models answer to which names, and how they speculate.
#include <algorithm>
#include <array>
#include <map>

#include "config/sections.hpp"

namespace tw::sections {
namespace {

using toml_tree::value;

constexpr std::int64_t max_draft_limit = 256;

void read_draft_length(table_reader& reader, pipeline_config& pipeline, report& out) {
    const auto* found = reader.take("max_draft_tokens");
    if (found == nullptr) return;
    const auto& written = found->value;
    if (written.type == value::kind::text && written.text == "auto") return;
    if (written.type == value::kind::integer && written.integer >= 1 && written.integer <= max_draft_limit)
        pipeline.max_draft_tokens = static_cast<std::int32_t>(written.integer);
    else out.add(written.at, "\"max_draft_tokens\" must be \"auto\" or an integer from 1 to 256.");
}

// The place of one string of a list, or of the key's only string.
location place_of(const value& table, std::string_view key, std::size_t index) {
    const auto* found = table.find(key);
    if (found == nullptr) return table.at;
    return found->value.type == value::kind::list && index < found->value.list.size()
               ? found->value.list[index].at
               : found->value.at;
}

void check_edge(const std::string& name, const location& at, const char* role,
                const std::vector<std::string>& backends, report& out) {
    if (std::find(backends.begin(), backends.end(), name) == backends.end())
        out.add(at, "The " + std::string(role) + " \"" + name + "\" is not the name of a [backend.…]" +
                        suggestion(name, backends));
}

} // namespace

pipeline_config read_pipeline(const toml_tree::member& table, report& out) {
    pipeline_config pipeline;
    pipeline.name = table.key;
    pipeline.at = table.value.at;
    const auto title = "[pipeline." + table.key + "]";
    table_reader reader(table.value, title, out);
    if (auto names = reader.texts("serves")) {
        pipeline.serves = std::move(*names);
        const bool unnamed = std::any_of(pipeline.serves.begin(), pipeline.serves.end(),
                                         [](const std::string& name) { return name.empty(); });
        if (pipeline.serves.empty() || unnamed)
            out.add(table.value.find("serves")->value.at,
                    "\"serves\" must hold at least one model name, and no empty one.");
    } else if (!reader.has("serves")) {
        reader.missing("serves", "the model names that clients ask for.");
    }
    if (auto target = reader.text("target")) pipeline.target = std::move(*target);
    else if (!reader.has("target")) reader.missing("target", "the name of the backend that decides.");
    if (auto drafts = reader.texts("draft")) pipeline.draft = std::move(*drafts);
    if (const auto verify = reader.text("verify"); verify && *verify != "exact")
        out.add(table.value.find("verify")->value.at,
                "\"verify\" is \"" + *verify + "\"; the only way there is is \"exact\".");
    if (auto exactness = reader.text("exactness")) {
        pipeline.exactness = std::move(*exactness);
        constexpr std::array classes{"auto", "bitwise", "shape-class", "numeric"};
        if (std::find(classes.begin(), classes.end(), pipeline.exactness) == classes.end())
            out.add(table.value.find("exactness")->value.at,
                    "\"exactness\" is \"" + pipeline.exactness +
                        "\"; it must be \"auto\", \"bitwise\", \"shape-class\" or \"numeric\".");
    }
    read_draft_length(reader, pipeline, out);
    if (const auto fallback = reader.boolean("fallback")) pipeline.fallback = *fallback;
    if (const auto queue = reader.integer("queue", 0, 100000))
        pipeline.queue = static_cast<std::int32_t>(*queue);
    reader.finish();
    return pipeline;
}

void check_edges(const value& root, const configuration& config, report& out) {
    // A table that holds mistakes still has a name that edges may use.
    std::vector<std::string> backends;
    if (const auto* tables = root.find("backend"))
        for (const auto& one : tables->value.table) backends.push_back(one.key);
    std::map<std::string, std::string> pins; // plugin -> sha256
    for (const auto& node : config.nodes)
        if (!node.sha256.empty() && pins.emplace(node.plugin, node.sha256).first->second != node.sha256)
            out.add(node.at, "The sha256 of the plugin \"" + node.plugin +
                                 "\" differs from the one in another table; a plugin is one file.");
    std::map<std::string, std::string> served; // model id -> pipeline
    for (const auto& pipeline : config.pipelines) {
        const auto& table = root.find("pipeline")->value.find(pipeline.name)->value;
        if (!pipeline.target.empty())
            check_edge(pipeline.target, place_of(table, "target", 0), "target", backends, out);
        for (std::size_t i = 0; i < pipeline.draft.size(); ++i) {
            const auto at = place_of(table, "draft", i);
            check_edge(pipeline.draft[i], at, "draft", backends, out);
            if (pipeline.draft[i] == pipeline.target)
                out.add(at, "\"" + pipeline.target + "\" is both draft and target of [pipeline." +
                                pipeline.name + "]; a draft must be another, smaller model.");
        }
        for (std::size_t i = 0; i < pipeline.serves.size(); ++i) {
            const auto [earlier, is_new] = served.emplace(pipeline.serves[i], pipeline.name);
            if (!is_new)
                out.add(place_of(table, "serves", i), "The model name \"" + pipeline.serves[i] +
                                                          "\" is already served by [pipeline." +
                                                          earlier->second + "].");
        }
    }
}

} // namespace tw::sections
