// `tightwad plan`: measures the machines, predicts the ways to serve a model on them, and says which one to take.
#include <algorithm>
#include <iostream>

#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/plan_report.hpp"
#include "commands/plan_subject.hpp"
#include "commands/plan_survey.hpp"
#include "commands/setup.hpp"
#include "commands/terminal.hpp"
#include "config/paths.hpp"
#include "pipeline/pool_layout.hpp"
#include "pipeline/pool_model.hpp"
#include "plan/expert_places.hpp"

namespace tw::cli {
namespace {

using plan::proposal;

// As the pool is written, with the memory that is really there. What llama.cpp divides the layers by is the backend's
// tensor_split, the workers' vram where all say it, or else their free memory; what fits is another question.
plan::pool_layout measured_layout(const plan_subject& subject, const pool_config& pool, const std::vector<surveyed>& workers,
                                  const plan::machine& here) {
    auto out = layout_of(pool, subject.options, subject.model.layers.size());
    const bool by_vram = is_divided_by_vram(pool, out), by_memory = out.by.empty();
    for (std::size_t i = 0; i < workers.size(); ++i) {
        const auto there = workers[i].machine.memory_bytes;
        if (by_memory) out.by.push_back(static_cast<float>(by_vram ? pool.workers[i].vram_bytes : there));
        out.workers[i].memory_bytes = there;
    }
    out.here.memory_bytes = here.memory_bytes;
    return out;
}

bool is_worth_it(const proposal& other, const proposal& as_it_is) {
    constexpr double gain = 1.03;
    return other.fits && other.tokens_s && (!as_it_is.fits || *other.tokens_s >= as_it_is.tokens_s.value_or(0) * gain);
}

void improve_split(planned_pool& out, const plan_subject& subject, const proposal& as_it_is) {
    std::vector<plan::machine> workers;
    for (const auto& one : out.workers) workers.push_back(one.machine);
    const auto layers = plan::fastest_first(subject.model, workers, subject.tokens());
    if (!layers) return;
    auto layout = out.layout;
    layout.by.assign(layers->begin(), layers->end());
    const auto other = plan::over(subject.model, out.name, out.machines, plan::lay_out(subject.model, layout, subject.tokens()));
    if (!is_worth_it(other, as_it_is)) return;
    out.better_split = *layers;
    out.better_tokens_s = *other.tokens_s;
}

// The layers stay where they are, and so do experts on this machine.
void improve_experts(planned_pool& out, const plan_subject& subject, const proposal& as_it_is) {
    if (subject.model.experts == 0) return;
    auto layout = out.layout;
    layout.experts.clear();
    layout.balanced.clear();
    const auto shares = [&] { return plan::lay_out(subject.model, layout, subject.tokens()); };
    layout.experts = plan::fastest_experts(subject.model, shares(), out.machines, out.workers.size());
    const auto other = plan::over(subject.model, out.name, out.machines, shares());
    if (!is_worth_it(other, as_it_is)) return;
    out.better_experts = layout.experts;
    out.better_experts_tokens_s = *other.tokens_s;
}

// Answers whose bits may differ need no pass filled up.
void take_as_asked(const plan_subject& subject, surveyed& one) {
    if (!subject.exact) one.machine.least_rows = 1;
}

result<planned_pool> plan_pool(const plan_subject& subject, const pool_config& pool, plan_outcome& outcome) {
    const auto placed = with_experts_placed(pool, subject.model, subject.options);
    if (!placed) return placed.error();
    auto workers = survey(pool, subject.model, subject.context);
    if (!workers) return workers.error();
    planned_pool out{pool.name, std::move(*workers), {}, {}, {}, {}, {}, 0};
    for (std::size_t i = 0; i < out.workers.size(); ++i) {
        auto& one = out.workers[i];
        take_as_asked(subject, one);
        if (const auto said = pool.workers[i].vram_bytes; said > 0)
            one.machine.memory_bytes = one.problem.empty() ? std::min(said, one.machine.memory_bytes) : said;
        out.machines.push_back(one.machine);
        if (!one.problem.empty() && out.problem.empty())
            out.problem = "The pool " + pool.name + " has no speed: " + one.problem;
    }
    const auto& here = outcome.here.machine;
    out.layout = measured_layout(subject, *placed, out.workers, here);
    out.shares = plan::lay_out(subject.model, out.layout, subject.tokens());
    if (out.shares.size() > out.machines.size()) out.machines.push_back(here);
    if (out.shares.empty() && out.problem.empty())
        out.problem = "The pool " + pool.name + " has no memory to divide the layers by.";
    return out;
}

// Of the model's bytes, over the pools.
std::uint64_t most_held_here(const plan_outcome& outcome) {
    std::uint64_t out = 0;
    for (const auto& pool : outcome.pools)
        if (pool.shares.size() > pool.workers.size()) out = std::max(out, pool.shares.back().weight_bytes);
    return out;
}

// The machines alone, each once.
void add_alone(const plan_subject& subject, plan_outcome& out) {
    std::vector<std::string> named;
    const auto add = [&](const plan::machine& one) {
        if (one.memory_bytes == 0 || std::ranges::find(named, one.name) != named.end()) return;
        named.push_back(one.name);
        out.proposals.push_back(plan::alone(subject.model, one, subject.tokens()));
    };
    add(out.here.machine);
    for (const auto& pool : out.pools)
        for (const auto& one : pool.workers) add(one.machine);
    if (auto many = plan::replicas(out.proposals)) out.proposals.push_back(std::move(*many));
}

void add_pool(const plan_subject& subject, planned_pool& pool, plan_outcome& out) {
    auto whole = plan::over(subject.model, pool.name, pool.machines, pool.shares);
    if (!pool.problem.empty()) whole.tokens_s.reset();
    else {
        improve_split(pool, subject, whole);
        improve_experts(pool, subject, whole);
    }
    if (const auto* better = plan::better_alone(whole, out.proposals); better != nullptr && out.refused.empty())
        out.refused = "The pool " + pool.name + " gives " + speed_text(whole) + ", and " + better->name + " alone " +
                      speed_text(*better) + ": let that machine hold the model, or insist by --force.";
    out.proposals.push_back(whole);
    if (!out.draft_token_s) return;
    const plan::draft_model draft{*out.draft_token_s, out.acceptance, subject.longest_draft};
    if (auto drafted = plan::with_drafts(whole, subject.model, pool.machines, draft)) out.proposals.push_back(std::move(*drafted));
}

std::string recommendation(const plan_outcome& outcome) {
    const auto* best = plan::best_of(outcome.proposals);
    if (best == nullptr) return "The model fits nowhere: less context, fewer slots, a smaller model, or one machine more.";
    const bool solo = best->how == proposal::kind::solo;
    auto out = "Recommended: " + best->name + (solo ? " alone" : best->how == proposal::kind::pool_draft ? " with drafts" : "") +
               ", " + speed_text(*best) + ".";
    if (best->at_most)
        out += " That is how fast its memory is read, and computing may be slower: --rpc-server measures it.";
    const auto many = std::ranges::find(outcome.proposals, proposal::kind::replicas, &proposal::how);
    if (solo && many != outcome.proposals.end())
        out += " For several answers at a time: replicas on " + many->name + ".";
    return out;
}

} // namespace

int plan_model(const global_options& global, const plan_options& options) {
    log_to_stderr("error");
    auto what = load_setup(global);
    if (!what) return report_mistakes(what.error());
    const auto subject = subject_of(what->config, options);
    if (!subject) return complain(subject.error().message, exit_usage);
    plan_outcome outcome;
    outcome.acceptance = options.acceptance;
    const auto program = !options.rpc_server.empty() ? resolve_path(options.rpc_server, std::filesystem::current_path())
                         : what->config.peer         ? what->config.peer->rpc_server
                                                     : std::filesystem::path();
    outcome.here = survey_here(subject->model, subject->context, program, subject->threads);
    take_as_asked(*subject, outcome.here);
    outcome.no_draft = subject->no_draft;
    for (const auto* pool : subject->pools) {
        auto planned = plan_pool(*subject, *pool, outcome);
        if (!planned) return complain(planned.error().message, exit_failure);
        outcome.pools.push_back(std::move(*planned));
    }
    if (subject->draft != nullptr) {
        const auto time = time_of_token(*what, *subject->draft, most_held_here(outcome));
        if (time) outcome.draft_token_s = *time;
        else outcome.no_draft = "the draft \"" + subject->draft->name + "\" cannot be timed (" + time.error().message + ")";
    }
    add_alone(*subject, outcome);
    for (auto& pool : outcome.pools) add_pool(*subject, pool, outcome);
    outcome.recommended = recommendation(outcome);
    if (options.json)
        std::cout << to_json(*subject, outcome).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
    else print(*subject, outcome);
    for (const auto& pool : outcome.pools)
        if (!pool.problem.empty()) return complain(pool.problem, exit_failure);
    if (!outcome.refused.empty() && !options.force) return complain(outcome.refused, exit_failure);
    return exit_ok;
}

} // namespace tw::cli
