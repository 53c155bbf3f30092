// [pipeline.NAME]: which models answer to which names, how they speculate, and what stands in for what.
#include <algorithm>
#include <map>

#include "config/sections.hpp"
#include "config/units.hpp"

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

// Needs the drafts and targets to be read.
void read_consensus(table_reader& reader, pipeline_config& pipeline, const value& table, report& out) {
    if (auto mode = reader.one_of("consensus_mode", {"off", "strict", "any_disagree", "majority"}))
        pipeline.consensus_mode = std::move(*mode);
    if (pipeline.consensus_mode == "off") return;
    const auto refuse = [&](const char* why) { out.add(table.find("consensus_mode")->value.at, why); };
    if (pipeline.draft.size() < 2)
        refuse("\"consensus_mode\" needs at least two backends in \"draft\": one alone agrees with nobody.");
    if (!pipeline.draft_fallback.empty())
        refuse("\"consensus_mode\" counts the backends in \"draft\", so none may stand in for them: remove \"draft_fallback\".");
    if (!pipeline.replicas.empty())
        refuse("With \"consensus_mode\" an answer is not the target's alone, so no other target can go on with it: name one in \"target\".");
}

// When it is loaded, and how long it stays.
void read_load(table_reader& reader, pipeline_config& pipeline, report& out) {
    const auto when = reader.one_of("load", {"start", "on-demand"});
    pipeline.on_demand = when == "on-demand";
    const auto* found = reader.take("idle_timeout");
    if (found == nullptr) return;
    const auto& written = found->value;
    const auto time = written.type == value::kind::text ? parse_duration(written.text) : std::nullopt;
    if (!time || time->count() < 1 || *time > std::chrono::hours(24 * 30))
        out.add(written.at, "\"idle_timeout\" must be a time of at most 30 days with its unit, such as \"10m\".");
    else if (!pipeline.on_demand)
        out.add(written.at, "\"idle_timeout\" is of pipelines with load = \"on-demand\"; the others stay loaded.");
    else pipeline.idle_timeout = *time;
}

// One backend, or several with the same model.
void read_targets(table_reader& reader, const value& table, pipeline_config& pipeline, report& out) {
    auto targets = reader.texts("target");
    if (!targets) {
        if (!reader.has("target")) reader.missing("target", "the name of the backend that decides.");
        return;
    }
    if (targets->empty()) {
        out.add(table.find("target")->value.at, "\"target\" must name at least one backend.");
        return;
    }
    pipeline.target = std::move(targets->front());
    targets->erase(targets->begin());
    pipeline.replicas = std::move(*targets);
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

// Each backend of a pipeline is there, and has one part in it.
void check_backends_of(const pipeline_config& pipeline, const value& table, const std::vector<std::string>& backends,
                       report& out) {
    auto targets = pipeline.replicas;
    if (!pipeline.target.empty()) targets.insert(targets.begin(), pipeline.target);
    std::map<std::string, std::string> parts; // backend -> the key that names it
    const auto check = [&](const std::string& name, const char* key, const char* role, std::size_t index) {
        const auto at = place_of(table, key, index);
        check_edge(name, at, role, backends, out);
        const auto [earlier, is_new] = parts.emplace(name, key);
        if (is_new) return;
        if (earlier->second == key)
            out.add(at, "\"" + name + "\" stands twice in \"" + key + "\" of [pipeline." + pipeline.name + "].");
        else if (earlier->second == "target")
            out.add(at, "\"" + name + "\" is both draft and target of [pipeline." + pipeline.name +
                            "]; a draft must be another, smaller model.");
        else
            out.add(at, "\"" + name + "\" is already a draft of [pipeline." + pipeline.name +
                            "]; draft_fallback names others, for while that one is away.");
    };
    for (std::size_t i = 0; i < targets.size(); ++i) check(targets[i], "target", "target", i);
    for (std::size_t i = 0; i < pipeline.draft.size(); ++i) check(pipeline.draft[i], "draft", "draft", i);
    for (std::size_t i = 0; i < pipeline.draft_fallback.size(); ++i)
        check(pipeline.draft_fallback[i], "draft_fallback", "draft", i);
    if (pipeline.draft.empty() && !pipeline.draft_fallback.empty())
        out.add(place_of(table, "draft_fallback", 0), "\"draft_fallback\" stands in for \"draft\", which is empty; "
                                                      "name the backend in \"draft\".");
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
    read_targets(reader, table.value, pipeline, out);
    if (auto drafts = reader.texts("draft")) pipeline.draft = std::move(*drafts);
    if (auto others = reader.texts("draft_fallback")) pipeline.draft_fallback = std::move(*others);
    if (auto failover = reader.one_of("failover", {"same-bytes", "any", "none"}))
        pipeline.failover = std::move(*failover);
    if (const auto verify = reader.text("verify"); verify && *verify != "exact")
        out.add(table.value.find("verify")->value.at,
                "\"verify\" is \"" + *verify + "\"; the only way there is is \"exact\".");
    if (auto exactness = reader.one_of("exactness", {"auto", "bitwise", "shape-class", "numeric"}))
        pipeline.exactness = std::move(*exactness);
    read_consensus(reader, pipeline, table.value, out);
    read_draft_length(reader, pipeline, out);
    if (const auto fallback = reader.boolean("fallback")) pipeline.fallback = *fallback;
    if (const auto queue = reader.integer("queue", 0, 100000))
        pipeline.queue = static_cast<std::int32_t>(*queue);
    read_load(reader, pipeline, out);
    if (const auto most = reader.integer("concurrency", 1, 100000)) pipeline.concurrency = static_cast<std::int32_t>(*most);
    const auto balance = reader.one_of("balance", {"load", "order"});
    pipeline.in_order = balance == "order";
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
        check_backends_of(pipeline, table, backends, out);
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
