// Loads, probes, finds the template.
#include "pipeline/local_target.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "base/text.hpp"
#include "bridge/chat_template.hpp"
#include "peer/describe.hpp"
#include "pipeline/exact_target.hpp"
#include "service/plugin_host.hpp"
#include "wire/limits.hpp"

namespace tw {
namespace {

// The first plugin that understands the model's own template.
void find_chat_template(engine_pipeline_parts& parts, const resolved_node& target, const registry& plugins) {
    const auto source = parts.target->info().chat_template;
    parts.no_chat = "The model '" + parts.serves.front() +
                    "' has no chat template, so chat requests cannot be rendered. Use /v1/completions, or give its backend a chat_template.";
    if (source.empty()) return;
    auto own = parts.target->make_chat();
    if (own) {
        parts.own_chat = std::move(*own);
        return;
    }
    spdlog::warn("event=no_tools model=\"{}\" why=\"{}\"", parts.target->info().model, own.error().message);
    const auto attempt = [&](const plugin& candidate) {
        const auto* api = find_chat_template_api(candidate);
        if (api == nullptr) return false;
        auto made = tw::chat_template::create(
            *api, candidate.id,
            std::make_unique<plugin_host>(candidate.id, std::map<std::string, secret_ref>{}), source);
        if (!made) {
            parts.no_chat = made.error().message;
            return false;
        }
        parts.chat = std::move(*made);
        return true;
    };
    if (attempt(*target.code)) return;
    for (const auto* candidate : plugins.plugins())
        if (candidate != target.code && attempt(*candidate)) return;
}

// What a class whose passes hold fewer answers than there are slots costs when all are taken; empty where they fit.
std::string price_when_full(std::int32_t slots, const exactness_report& report) {
    const auto together = report.one_sequence ? 1 : report.rows.most;
    if (together >= slots) return {};
    const auto passes = (slots + together - 1) / together;
    return "Passes of equal bits hold " + std::to_string(together) + (together == 1 ? " answer" : " answers") +
           " at most, so " + std::to_string(slots) + " at a time take " + std::to_string(passes) +
           " passes for a token of each. With exactness = \"numeric\" one pass takes them all.";
}

// The target, and what its exactness asks of the passes.
result<void> add_target(engine_pipeline_parts& parts, const resolved_node& target, const std::string& exactness,
                        const std::function<bool(float)>& progress) {
    probe_options probing;
    probing.most_rows = static_cast<std::int32_t>(std::min<std::size_t>(parts.speculation.most + 1, 64));
    probing.prefill_rows = parts.scheduling.prefill_rows;
    auto got = load_exact_target([&](const std::string& options, const exact_progress& part) { return load_engine(target, options, part); },
                                 target.node->options_json, target.as_engine != nullptr && has_option(*target.as_engine, "cache"),
                                 exactness, probing, progress);
    if (!got) return got.error();
    const auto& report = got->report;
    parts.exactness = {report.kind, got->cost, got->settings, report.findings};
    parts.scheduling.reuse_prefix = report.reusable || report.kind == exactness_class::numeric;
    if (report.kind == exactness_class::shape_class) {
        parts.scheduling.least_rows = report.rows.least;
        parts.scheduling.most_rows = report.rows.most;
        parts.scheduling.one_sequence = report.one_sequence;
        parts.speculation.most = std::min(parts.speculation.most, static_cast<std::size_t>(report.rows.most - 1));
        if (auto price = price_when_full(got->model->info().n_seq, report); !price.empty()) {
            spdlog::warn("event=exactness_price model=\"{}\" why=\"{}\"", got->model->info().model, price);
            parts.exactness.findings.push_back(std::move(price));
        }
    }
    spdlog::info("event=exactness model=\"{}\" class={} cost={:.2f}", got->model->info().model, name(report.kind), got->cost);
    parts.target = std::move(got->model);
    return {};
}

speculator_options policy_of(const pipeline_config& wanted) {
    speculator_options out;
    out.always = wanted.always_draft;
    if (wanted.max_draft_tokens) out.most = static_cast<std::size_t>(*wanted.max_draft_tokens);
    using way = speculator_options::way;
    if (wanted.drafting == "synchronous") out.mode = way::synchronous;
    if (wanted.drafting == "streaming" || wanted.drafting == "branches") out.mode = way::streaming;
    out.branches = wanted.drafting != "streaming";
    using shape = speculator_options::shape;
    if (wanted.pass_shape == "held") out.passes = shape::held;
    if (wanted.pass_shape == "follows") out.passes = shape::follows;
    using rule = consensus::rule;
    for (const auto each : {rule::strict, rule::any_disagree, rule::majority})
        if (wanted.consensus_mode == name(each)) out.believed = {each, wanted.draft.size()};
    return out;
}

} // namespace

result<engine_pipeline_parts> load_local_target(const pipeline_config& wanted, const resolved_node& target,
                                                const registry& plugins, const std::function<bool(float)>& progress) {
    engine_pipeline_parts parts;
    parts.name = wanted.name;
    parts.serves = wanted.serves;
    parts.scheduling.queue = wanted.queue;
    parts.measure = !wanted.always_draft;
    parts.speculation = policy_of(wanted);
    if (const auto loaded = add_target(parts, target, wanted.exactness, progress); !loaded) return loaded.error();
    find_chat_template(parts, target, plugins);
    return parts;
}

wire::served_engine describe_target(const engine& model, const exactness_claim& exactness, const std::string& name) {
    auto out = peer::describe(model, name);
    out.target = true;
    // A processor is no device to the engine, and another one computes other bits. Many workers have long names.
    const auto processor = " / " + processor_name();
    out.device = std::string(cut_utf8(out.device, wire::max_name_bytes - processor.size())) + processor;
    out.settings = exactness.settings;
    out.exactness = exactness.kind.value_or(exactness_class::numeric);
    return out;
}

} // namespace tw
