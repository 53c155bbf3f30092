// A plan for people and for programs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "commands/plan_subject.hpp"
#include "commands/plan_survey.hpp"
#include "plan/pool_layout.hpp"

namespace tw::cli {

struct planned_pool {
    std::string name;
    std::vector<surveyed> workers;
    plan::pool_layout layout;
    std::vector<plan::share> shares;         // of the workers, then this machine's where the output lies there
    std::vector<plan::machine> machines;     // that belong to them
    std::string problem;                     // why it has no speed; empty = it has
    std::vector<std::uint64_t> better_split; // a tensor_split that would be faster; empty = none is known
    double better_tokens_s = 0;
    // Layers whose experts a worker should hold, one list a worker, for more speed; none = no better place is known.
    std::optional<std::vector<std::vector<std::uint32_t>>> better_experts{};
    double better_experts_tokens_s = 0;
};

struct plan_outcome {
    surveyed here;
    std::vector<planned_pool> pools;
    std::vector<plan::proposal> proposals;
    std::string recommended;           // a sentence
    std::string refused;               // a pool, and why; empty = none is
    double acceptance = 0;             // that was assumed
    std::optional<double> draft_token_s{};
    std::string no_draft;              // why nothing is said of drafts; empty = it is
};

void print(const plan_subject& subject, const plan_outcome& outcome);
[[nodiscard]] nlohmann::ordered_json to_json(const plan_subject& subject, const plan_outcome& outcome);

// "22.5 tokens/s", "at most 60 tokens/s", "a speed that is not known".
[[nodiscard]] std::string speed_text(const plan::proposal& one);

} // namespace tw::cli
