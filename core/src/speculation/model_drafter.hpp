// Drafts by a small model: keeps its cache level with the answers and runs a few tokens ahead.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bridge/engine.hpp"
#include "sampling/sampler.hpp"

namespace tw {

// One answer that wants a draft.
struct draft_request {
    std::int32_t slot = 0;                   // the drafter's sequence, 0 … n_seq-1
    std::span<const std::int32_t> committed; // prompt and answer so far, never empty
    tw::sampler* sampler = nullptr;          // has seen `committed`; is left as it was found
    std::size_t want = 0;                    // tokens, 1 … longest()
};

// Not thread-safe. The drafter's context may be shorter than the target's: when it is full, drafting
// goes on from the last half of it. A draft is a proposal, so what the drafter forgets costs
// acceptance and never correctness.
class model_drafter {
  public:
    // Takes a loaded engine with the target's vocabulary.
    explicit model_drafter(std::unique_ptr<engine> model);

    // One draft per request, in their order, each at most `want` tokens. Requests are sorted by slot;
    // they share the drafter's passes. An error leaves every named slot empty; the next call starts
    // over.
    [[nodiscard]] result<std::vector<std::vector<std::int32_t>>> propose(std::span<const draft_request> requests);

    // The longest draft it can make: half its context, the other half is what it drafts from.
    [[nodiscard]] std::size_t longest() const { return static_cast<std::size_t>(model_->info().n_ctx) / 2; }

    // The answer in `slot` ended; its cache is dropped.
    void release(std::int32_t slot);

    [[nodiscard]] const engine& model() const { return *model_; }

  private:
    struct slot_state {
        std::size_t base = 0;             // index of the first committed token in the cache
        std::vector<std::int32_t> cached; // what the cache holds, from `base` on
    };

    result<void> cut(std::int32_t slot, std::size_t length);
    result<void> align(const draft_request& request);
    result<void> catch_up(std::span<const draft_request> requests);
    result<std::vector<std::vector<std::int32_t>>> run_ahead(std::span<const draft_request> requests);

    std::unique_ptr<engine> model_;
    std::vector<slot_state> slots_;
    std::vector<tw_row> rows_;
};

} // namespace tw
