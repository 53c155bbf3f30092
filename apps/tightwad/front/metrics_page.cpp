// One line a figure, taken from what the status says.
#include "front/metrics_page.hpp"

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "front/catalogue.hpp"
#include "front/fields.hpp"

namespace tw::front {
namespace {

using nlohmann::json;

struct metric {
    const char *name, *type, *help;
    const char *group, *key; // where a pipeline's status has it
};
constexpr metric of_pipelines[] = {
    {"requests_total", "counter", "Answers that were begun.", "stats", "requests"},
    {"prompt_tokens_total", "counter", "Tokens of prompts.", "stats", "prompt_tokens"},
    {"cached_tokens_total", "counter", "Tokens of prompts that were in the cache.", "stats", "cached_tokens"},
    {"tokens_total", "counter", "Tokens of answers.", "stats", "tokens"},
    {"rounds_total", "counter", "Passes of the target that made tokens.", "stats", "rounds"},
    {"drafted_tokens_total", "counter", "Tokens that were drafted.", "stats", "drafted"},
    {"accepted_tokens_total", "counter", "Drafted tokens that the target took.", "stats", "accepted"},
    {"consensus_agreed_tokens_total", "counter", "Drafted tokens that stood because drafters agreed.", "stats", "agreed"},
    {"consensus_overruled_tokens_total", "counter", "Of those, the ones the target would not have said.", "stats", "overruled"},
    {"queue_seconds_total", "counter", "Time that answers waited for a place.", "stats", "queue_s"},
    {"prefill_seconds_total", "counter", "Time that prompts took.", "stats", "prefill_s"},
    {"draft_seconds_total", "counter", "Time that was waited for drafts.", "stats", "draft_s"},
    {"verify_seconds_total", "counter", "Time of the target's passes.", "stats", "verify_s"},
    {"places", "gauge", "Answers that can be given at a time.", "slots", "total"},
    {"places_taken", "gauge", "Answers being given.", "slots", "active"},
    {"queued", "gauge", "Answers that wait for a place.", "slots", "queued"},
};

std::string escaped(std::string_view label) {
    std::string out;
    for (const char c : label) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n') out += "\\n";
        else out += c;
    }
    return out;
}

void begin(std::string& out, const std::string& name, const char* type, const char* help) {
    out += "# HELP " + name + ' ' + help + "\n# TYPE " + name + ' ' + type + '\n';
}

/// Of a pipeline at a peer, what the peer said of it last.
const json& figures_of(const json& pipeline, const char* group) {
    const auto& own = json_member(pipeline, group);
    return own.is_object() ? own : json_member(json_member(json_member(pipeline, "remote"), "pipeline"), group);
}

} // namespace

reply metrics_page(const catalogue& models, const counters& counts) {
    std::string out;
    const auto endpoint = [&](const char* name, const char* type, const char* help, std::uint64_t value) {
        const auto whole = "tightwad_" + std::string(name);
        begin(out, whole, type, help);
        out += whole + ' ' + std::to_string(value) + '\n';
    };
    endpoint("ready", "gauge", "1 when all models that are to be loaded at the start are.", models.ready() ? 1 : 0);
    endpoint("connections", "gauge", "Open connections of clients.", counts.connections);
    endpoint("http_requests_total", "counter", "Requests of any kind.", counts.requests);
    endpoint("answers_total", "counter", "Answers that were begun.", counts.answers);
    endpoint("answers_running", "gauge", "Answers that clients wait for.", counts.running_answers);
    endpoint("disconnects_total", "counter", "Clients that left before their answer was complete.", counts.disconnects);
    const json pipelines = models.status().at("pipelines");
    for (const auto& each : of_pipelines) {
        const auto name = "tightwad_pipeline_" + std::string(each.name);
        std::string lines;
        for (const auto& pipeline : pipelines) {
            const auto& value = json_member(figures_of(pipeline, each.group), each.key);
            if (!value.is_number()) continue;
            lines += name + "{pipeline=\"" + escaped(pipeline.value("name", "")) + "\"} " + value.dump() + '\n';
        }
        if (lines.empty()) continue;
        begin(out, name, each.type, each.help);
        out += lines;
    }
    return {.body = std::move(out), .content_type = "text/plain; version=0.0.4; charset=utf-8"};
}

} // namespace tw::front
