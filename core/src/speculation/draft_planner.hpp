// Who decides what is drafted in a round: the scheduler asks, and tells what became of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "sampling/params.hpp"
#include "speculation/draft_path.hpp"

namespace tw {

class engine;

// One answer in a round.
struct draft_seat {
    sequence_id sequence = 0; // 0 = not opened here: the answer is not to be drafted for
    std::size_t most = 0;     // tokens that may be drafted in this pass
    std::size_t left = 0;     // that may be drafted until the answer is full, at least `most`
    std::vector<drafted_token> draft; // filled in, at most `most`
    double waited_s = 0;              // for drafts, of this round
};

// What the target made of it.
struct round_outcome {
    sequence_id sequence = 0;
    std::span<const std::int32_t> tokens; // of the answer that came of this round, at least one
    std::span<const std::int32_t> picks;  // what the target itself would have said in each of those places
};

// What the planner believes and does now.
struct drafting_report {
    struct drafter {
        std::string name;
        bool alive = true, here = true; // it has not failed; it can be reached now
        bool streams = false;
        double acceptance = 0, observations = 0; // per token
        double token_s = 0, handover_s = 0;      // c·T and r·T
        double contention = 0; // how much slower the worse hit of drafter and target is beside the other; 0 = not measured
        std::size_t branch_hits = 0, branch_misses = 0; // corrections whose continuation was here already, or was not
    };
    std::string mode;               // "streaming", "synchronous", "silent"
    double draft_length = 0;        // mean of the last rounds
    double predicted_speedup = 1;   // over the target alone, by the estimates, at the plan in force
    double step_s = 0;              // T
    double reshape_s = 0;           // what a pass costs more whose shape is not the last one's; 0 = too little to count
    std::map<std::size_t, double> times; // rows of a pass -> seconds
    std::vector<double> by_position;     // acceptance of the first, second, … token of a draft
    double ngram = 0, prediction = 0;    // acceptance per token
    std::vector<drafter> drafters;
};

// From one thread, but for report().
class draft_planner {
  public:
    virtual ~draft_planner() = default;
    virtual void open(sequence_id sequence, const sampling_params& sampling, std::span<const std::int32_t> prompt,
                      std::span<const std::int32_t> prediction) = 0;
    virtual void close(sequence_id sequence) = 0;
    // Whether an answer that is picked so may hold tokens that drafters agreed on and the target would not have said.
    [[nodiscard]] virtual bool believes_drafters(const sampling_params& sampling) const { return static_cast<void>(sampling), false; }
    // Before a pass over these answers; a pass has at least `least_rows` rows, whatever is drafted. Returns how many rows
    // each answer should bring, all of them with logits, to keep the shape of the last pass; 0 = as its draft needs.
    virtual std::size_t plan(std::span<draft_seat> seats, std::size_t least_rows) = 0;
    // After it, in the same order: `rows` went through the target in `seconds`. Without a plan before it and with 0
    // rows where a pass that read prompts picked first tokens.
    virtual void learn(std::span<const round_outcome> outcomes, std::size_t rows, double seconds) = 0;
    [[nodiscard]] virtual drafting_report report() const = 0; // any thread

    // Drafters that come and go. The function is called, on any thread, when one has; then, while the target has
    // nothing to do, measure() should be called with a sequence of the target that is empty, and is so afterwards.
    virtual void when_drafters_change(std::function<void()> tell) { static_cast<void>(tell); }
    [[nodiscard]] virtual bool wants_measuring() { return false; }
    virtual void measure(engine& target, std::int32_t sequence) { static_cast<void>(target), static_cast<void>(sequence); }
};

} // namespace tw
