// Three tables and a sentence; the same as JSON.
#include "commands/plan_report.hpp"

#include <cstdio>
#include <iostream>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "commands/share_text.hpp"
#include "commands/terminal.hpp"

namespace tw::cli {
namespace {

using json = nlohmann::ordered_json;
using kind = plan::proposal::kind;
using table = std::vector<std::vector<std::string>>;

std::string shown(double value, const char* unit) {
    char text[48];
    std::snprintf(text, sizeof text, value < 10 ? "%.1f%s" : "%.0f%s", value, unit);
    return text;
}

std::string rate(double bytes_s) { return bytes_s > 0 ? human_bytes(bytes_s) + "/s" : "-"; }

std::string pass_text(const plan::compute_speed& speed) {
    if (speed.bound) return "at least " + shown(speed.of(1) * 1e12, " ms");
    return shown(speed.of(1) * 1e12, " ms, ") + shown(speed.of(8) * 1e12, " ms of 8 rows");
}

void add_machine(table& rows, const surveyed& one) {
    const auto& [name, memory, compute, link, least] = one.machine;
    rows.push_back({name, one.device.empty() ? "-" : one.device, memory == 0 ? "not known" : human_bytes(memory),
                    link ? shown(link->round_trip_s * 1e3, " ms") : "-", link ? rate(link->up_bytes_s) : "-",
                    link ? rate(link->down_bytes_s) : "-", compute ? pass_text(*compute) : "not measured"});
}

void print_machines(const plan_outcome& outcome) {
    table rows{{"MACHINE", "DEVICE", "MEMORY", "ROUND TRIP", "UP", "DOWN", "A PASS OVER 1 GB"}};
    add_machine(rows, outcome.here);
    for (const auto& pool : outcome.pools)
        for (const auto& one : pool.workers) add_machine(rows, one);
    print_table(rows);
    const auto tell = [](const surveyed& one) {
        if (!one.about.empty()) std::cout << one.machine.name << ": " << one.about << '\n';
        if (!one.problem.empty()) std::cout << one.machine.name << " is not measured: " << one.problem << '\n';
        if (one.machine.least_rows > 1)
            std::cout << one.machine.name << " computes a row with the same bits in any pass of " << one.machine.least_rows
                      << " rows or more, so plain passes have " << one.machine.least_rows << ".\n";
    };
    tell(outcome.here);
    for (const auto& pool : outcome.pools)
        for (const auto& one : pool.workers) tell(one);
}

std::string title_of(const plan::proposal& one) {
    switch (one.how) {
    case kind::solo: return one.name + " alone";
    case kind::replicas: return "replicas on " + one.name;
    case kind::pool: return one.name;
    case kind::pool_draft: break;
    }
    return one.name + " + draft";
}

std::string note_of(const plan::proposal& one) {
    if (!one.fits) return "does not fit";
    if (one.how == kind::replicas)
        return std::to_string(one.answers) + " answers at a time, " + shown(one.sum_tokens_s, " together");
    if (one.how != kind::pool_draft) return "";
    return one.draft_tokens == 0 ? "drafting does not pay" : std::to_string(one.draft_tokens) + " drafted a round";
}

json figures(const surveyed& one) {
    const auto& [name, memory, compute, link, least] = one.machine;
    json passes = json::object();
    if (compute)
        for (const auto& [rows, seconds] : compute->seconds_per_byte) passes[std::to_string(rows)] = seconds * 1e12;
    return {{"name", name},
            {"device", one.device},
            {"about", one.about},
            {"problem", one.problem.empty() ? json() : json(one.problem)},
            {"memory_bytes", memory},
            {"round_trip_ms", link ? json(link->round_trip_s * 1e3) : json()},
            {"up_bytes_per_s", link ? json(link->up_bytes_s) : json()},
            {"down_bytes_per_s", link ? json(link->down_bytes_s) : json()},
            {"ms_per_gb", passes},
            {"least_rows", least},
            {"only_a_bound", compute && compute->bound}};
}

// As it stands in the configuration: `experts = "0-3,7" in attic:50052`.
std::string experts_text(const planned_pool& pool) {
    std::string out;
    for (std::size_t i = 0; i < pool.better_experts->size(); ++i)
        if (const auto& layers = (*pool.better_experts)[i]; !layers.empty())
            out += (out.empty() ? "" : ", ") + ("experts = \"" + ranges({layers.begin(), layers.end()}, ",") + "\" in ") +
                   pool.workers[i].machine.name;
    return out.empty() ? "no \"experts\" in any worker" : out;
}

json to_json(const plan_subject& subject, const planned_pool& pool) {
    json workers = json::array(), passes = json::object();
    for (const auto& one : pool.workers) workers.push_back(figures(one));
    for (const auto rows : {1U, 2U, 4U, 8U, 16U, 32U})
        if (const auto pass = plan::pass_s(subject.model, pool.shares, pool.machines, rows); pass && pool.problem.empty())
            passes[std::to_string(rows)] = *pass * 1e3;
    return {{"name", pool.name},
            {"workers", std::move(workers)},
            {"shares", shares_json(pool.shares)},
            {"problem", pool.problem.empty() ? json() : json(pool.problem)},
            {"pass_ms", std::move(passes)},
            {"better_tensor_split", pool.better_split},
            {"better_tokens_per_s", pool.better_split.empty() ? json() : json(pool.better_tokens_s)},
            {"better_experts", pool.better_experts ? json(*pool.better_experts) : json()},
            {"better_experts_tokens_per_s", pool.better_experts ? json(pool.better_experts_tokens_s) : json()}};
}

const char* word_of(kind how) {
    switch (how) {
    case kind::solo: return "solo";
    case kind::replicas: return "replicas";
    case kind::pool: return "pool";
    case kind::pool_draft: break;
    }
    return "pool + draft";
}

} // namespace

std::string speed_text(const plan::proposal& one) {
    if (!one.tokens_s) return "a speed that is not known";
    return (one.at_most ? "at most " : "") + shown(*one.tokens_s, " tokens/s");
}

void print(const plan_subject& subject, const plan_outcome& outcome) {
    const auto& model = subject.model;
    const auto cache = model.cache_bytes(subject.tokens());
    std::cout << (model.name.empty() ? subject.written : model.name) << ", " << model.architecture << ", "
              << model.layers.size() << " layers, " << human_bytes(model.weight_bytes) << "; cache of " << subject.slots
              << " x " << subject.context << " tokens: " << (cache ? human_bytes(*cache) : "not known") << "\n\n";
    print_machines(outcome);
    for (const auto& pool : outcome.pools) {
        std::cout << "\npool " << pool.name << ":\n";
        if (!pool.shares.empty()) print_table(share_rows(pool.shares));
        if (!pool.problem.empty()) std::cout << pool.problem << '\n';
        if (pool.better_experts)
            std::cout << experts_text(pool) << ": by the measured speeds the best place for them, "
                      << shown(pool.better_experts_tokens_s, " tokens/s.\n");
        if (pool.better_split.empty()) continue;
        std::string split;
        for (const auto one : pool.better_split) split += (split.empty() ? "" : ",") + std::to_string(one);
        std::cout << "tensor_split = \"" << split << "\" fills the fastest machine first: "
                  << shown(pool.better_tokens_s, " tokens/s.\n");
    }
    table rows{{"WAY", "TOKENS/S", ""}};
    for (const auto& one : outcome.proposals)
        rows.push_back({title_of(one), one.tokens_s ? (one.at_most ? "<= " : "") + shown(*one.tokens_s, "") : "not known",
                        note_of(one)});
    std::cout << '\n';
    print_table(rows);
    if (outcome.draft_token_s)
        std::cout << "With drafts: at an acceptance of " << shown(outcome.acceptance * 100, " %, which is assumed, and ")
                  << shown(*outcome.draft_token_s * 1e3, " ms for a drafted token.\n");
    else if (!outcome.no_draft.empty()) std::cout << "Nothing is said of drafts: " << outcome.no_draft << ".\n";
    std::cout << '\n' << outcome.recommended << std::endl;
}

json to_json(const plan_subject& subject, const plan_outcome& outcome) {
    json pools = json::array(), ways = json::array();
    for (const auto& pool : outcome.pools) pools.push_back(to_json(subject, pool));
    for (const auto& one : outcome.proposals)
        ways.push_back({{"kind", word_of(one.how)},
                        {"name", one.name},
                        {"fits", one.fits},
                        {"tokens_per_s", one.tokens_s ? json(*one.tokens_s) : json()},
                        {"only_a_bound", one.at_most},
                        {"answers", one.answers},
                        {"draft_tokens", one.draft_tokens},
                        {"shares", shares_json(one.shares)}});
    return {{"model", subject.written},
            {"weight_bytes", subject.model.weight_bytes},
            {"context", subject.context},
            {"slots", subject.slots},
            {"here", figures(outcome.here)},
            {"pools", std::move(pools)},
            {"acceptance", outcome.acceptance},
            {"draft_token_ms", outcome.draft_token_s ? json(*outcome.draft_token_s * 1e3) : json()},
            {"no_draft", outcome.no_draft.empty() ? json() : json(outcome.no_draft)},
            {"ways", std::move(ways)},
            {"recommended", outcome.recommended},
            {"refused", outcome.refused.empty() ? json() : json(outcome.refused)}};
}

} // namespace tw::cli
