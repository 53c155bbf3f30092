// What a plan is about: a model, the pools that could hold it, the model that would draft for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/setup.hpp"
#include "plan/model_shape.hpp"
#include "plan/proposal.hpp"

namespace tw::cli {

struct plan_subject {
    std::string written; // the model, as the configuration or the command line has it
    plan::model_shape model;
    std::uint64_t context = 0, slots = 0;
    unsigned threads = 0;            // 0 = one per core
    nlohmann::json options;          // of the backend, as its plugin reads them; null = of none
    std::vector<const pool_config*> pools;
    const node_config* draft = nullptr; // of this machine; null = none
    std::string no_draft;               // why, where there is to be one
    std::uint32_t longest_draft = 31;
    bool exact = true; // answers are to have the same bits with drafts and without
    [[nodiscard]] std::uint64_t tokens() const { return context * slots; }
};

// By --model, with every pool of the configuration, or else the target of --pipeline, of the first pipeline over a pool,
// or of the first one. Pointers into `config`. Errors: nothing of that kind is there, or the file cannot be read.
[[nodiscard]] result<plan_subject> subject_of(const configuration& config, const plan_options& options);

// Seconds that a model of this machine takes for a token, in drafts between which it waits for a pass in which this machine
// reads so many bytes of the target. It is loaded for that.
[[nodiscard]] result<double> time_of_token(const setup& what, const node_config& draft, std::uint64_t target_bytes);

} // namespace tw::cli
