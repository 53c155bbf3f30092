// The ways to serve a model on these machines, each with its speed, and which of them is worth it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/prediction.hpp"

namespace tw::plan {

struct proposal {
    enum class kind { solo, replicas, pool, pool_draft };
    kind how = kind::solo;
    std::string name;           // "this machine", "attic:50052", "pool den"
    std::vector<share> shares;  // of the whole model together; of replicas none
    bool fits = false;
    std::optional<double> tokens_s{}; // of one answer; none = not known
    bool at_most = false;             // of tokens_s: computing may be slower than reading
    std::uint32_t draft_tokens = 0;
    std::size_t answers = 1; // that run at such speeds at the same time
    double sum_tokens_s = 0; // of these together; 0 = that of one
};

// `tokens`: of the caches of all slots together. The way to the machine costs nothing: only text passes it.
[[nodiscard]] proposal alone(const model_shape& model, const machine& one, std::uint64_t tokens);

// The model on every machine that can hold it whole; none for fewer than two.
[[nodiscard]] std::optional<proposal> replicas(const std::vector<proposal>& each_alone);

[[nodiscard]] proposal over(const model_shape& model, const std::string& pool, const std::vector<machine>& machines,
                            std::vector<share> shares);

struct draft_model {
    double token_s = 0;    // to draft one token
    double acceptance = 0; // 0 … 1
    std::uint32_t longest = 31;
};

// A pool with a model that drafts for it; none where the pool's speed is not known.
[[nodiscard]] std::optional<proposal> with_drafts(const proposal& pool, const model_shape& model,
                                                  const std::vector<machine>& machines, const draft_model& draft);

// The fastest to one answer that fits; null where none is known to fit. A speed that is only a bound counts as one.
[[nodiscard]] const proposal* best_of(const std::vector<proposal>& all);

// The fastest single machine that is faster than the pool, without drafts on either side, by a measured speed; null
// where there is none: then the pool is worth it, or nothing else can hold the model.
[[nodiscard]] const proposal* better_alone(const proposal& pool, const std::vector<proposal>& all);

// How llama.cpp must split to fill the fastest machine first, then the next: a step waits for every machine in turn, so
// what lies on a slow one, or on one more, is lost. One number of layers a machine, the output counted as a layer behind
// the last; none where the model does not fit so, or a speed or memory is not known.
[[nodiscard]] std::optional<std::vector<std::uint64_t>>
fastest_first(const model_shape& model, const std::vector<machine>& machines, std::uint64_t tokens);

} // namespace tw::plan
