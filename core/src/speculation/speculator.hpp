// The policy at work: composes drafts from every source, orders them from models when that pays, and stays
// silent when it does not.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "speculation/draft_link.hpp"
#include "speculation/draft_planner.hpp"
#include "speculation/gain.hpp"
#include "speculation/held_shape.hpp"
#include "speculation/policy.hpp"
#include "speculation/step_times.hpp"

namespace tw {

// Makes the link of a drafter: its replies go to the inbox, marked with the index.
using link_maker = std::function<std::unique_ptr<draft_link>(draft_inbox& inbox, std::size_t index)>;

struct drafter_offer {
    std::string name;
    link_maker make;
    bool fallback = false; // asked only while no other can be
};

struct speculator_options {
    std::size_t most = 31;     // tokens per draft, at most
    bool always = false;       // draft in every round as much as may be, whether it pays or not (tests, benches)
    // How drafters are used; `measured` streams where a drafter does not slow the target down.
    enum class way { measured, synchronous, streaming } mode = way::measured;
    bool branches = true; // streaming drafters also send continuations of likely corrections
    consensus believed{}; // drafters that agree; then they draft synchronously, all for the same places
    // Whether passes keep their shape: `measured` weighs the price of another one against that of rows nobody reads.
    enum class shape { measured, held, follows } passes = shape::measured;
};

class speculator final : public draft_planner {
  public:
    speculator(std::vector<drafter_offer> drafters, speculator_options options);

    // Measures the target's passes, what a change of their shape costs, each drafter's speed, and what drafting costs
    // the target when both run at once. About two seconds; the target's sequence 0 must be empty, and is so afterwards.
    // Without it the estimates start from guesses, and drafters are used synchronously.
    void calibrate(engine& target);

    void when_drafters_change(std::function<void()> tell) override;
    [[nodiscard]] bool wants_measuring() override;
    void measure(engine& target, std::int32_t sequence) override;

    // Any thread, while answers run. A ticket for leave(), which destroys the link.
    [[nodiscard]] std::size_t join(drafter_offer offer);
    void leave(std::size_t ticket);

    void open(sequence_id sequence, const sampling_params& sampling, std::span<const std::int32_t> prompt,
              std::span<const std::int32_t> prediction) override;
    void close(sequence_id sequence) override;
    [[nodiscard]] bool believes_drafters(const sampling_params& sampling) const override { return believed_of(sampling).on(); }
    std::size_t plan(std::span<draft_seat> seats, std::size_t least_rows) override;
    void learn(std::span<const round_outcome> outcomes, std::size_t rows, double seconds) override;
    // While a call above waits for a drafter, what was reported last.
    [[nodiscard]] drafting_report report() const override;

  private:
    using clock = std::chrono::steady_clock;

    static constexpr double hoped = 0.7; // how often drafters agree, until they were tried

    struct ear { // what one drafter was told of one answer
        bool open = false;
        std::uint32_t epoch = 0, opened = 0; // of the last order, and of the first after opening
        std::size_t told = 0; // committed tokens
        bool waiting = false; // for the end of the last order
        bool branches = false, audits = false; // the last order asked for them, or for an audit
        int losses = 0, pause = 0; // how often in a row it had no room for this answer; rounds without it
        std::optional<std::array<float, grades>> chance{}; // as last told
        std::uint32_t next = 0; // where the batch would begin that goes on from the last one; 0 = none
        std::uint32_t ended = 0; // epoch of the last order that was complete
        clock::time_point told_at{}, heard_at{}; // the last order; the last batch
    };
    struct answer {
        draft_path path;
        std::size_t prompt; // of the path's tokens
        sampling_params sampling;
        std::vector<ear> ears;             // per drafter
        std::vector<drafted_token> root;   // what each source said came next, for this round
        std::vector<drafted_token> draft;  // used in this round
    };
    struct drafter {
        std::string name;
        std::unique_ptr<draft_link> link; // null = this place is free
        bool alive = true, here = true, streams = false, fallback = false;
        bool measured = false;
        double token_s = 0;                // one answer; 0 = unknown
        double crowd = 0.3;                // of that, what each further answer adds
        double handover_s = 50e-6;
        double contention = 0;
        int strikes = 0, skip = 0;         // too late so often; rounds without it
        double order_s = 0;                // its own time for the order under way, as it reports it
        std::size_t order_tokens = 0;      // of its largest batch
        std::size_t tokens = 0;            // drafted so far
        std::size_t branch_hits = 0, branch_misses = 0; // corrections that a branch answered, or did not

        [[nodiscard]] bool present() const { return link != nullptr && alive && here; }
    };
    struct prospect { // what drafts that are waited for would give
        std::vector<double> alphas; // per answer
        std::size_t most = 0;
        drafter_cost price;
        round_plan plan;
    };
    struct intent { // an order worth waiting for
        std::vector<std::size_t> drafters; // of one, or of as many as may agree
        prospect of;
    };

    // Seconds of a pass without drafts.
    [[nodiscard]] double plain_step(std::size_t answers) const { return times_.seconds(std::max(least_rows_, answers)); }
    [[nodiscard]] bool reachable(const drafter& each) const;
    [[nodiscard]] bool usable(const drafter& each) const { return reachable(each) && each.skip == 0; }
    std::size_t admit(drafter_offer offer);
    // A model reads the prompt before it drafts, and the client of an answer without a token waits for the first.
    [[nodiscard]] bool worth_asking(const draft_seat& seat) const;
    [[nodiscard]] drafter_cost cost(const drafter& each, std::size_t answers) const;
    void collect();
    void heard(std::size_t index, drafter_event& event, clock::time_point at);
    void time_stream(drafter& from, ear& told, const draft_batch& batch, clock::time_point at) const;
    void tell(std::size_t index, sequence_id sequence, draft_order order);
    bool await(std::size_t index, clock::time_point deadline, const std::function<bool()>& there);
    bool await(std::size_t index, std::span<const draft_seat> seats, clock::time_point deadline);
    bool wait_out(std::size_t index, clock::time_point start, double expected_s, const std::function<bool()>& there);
    [[nodiscard]] bool answered(std::size_t index, std::span<const draft_seat> seats) const;
    struct sent_order {
        double expected_s = 0;
        std::size_t behind = 0; // tokens that it reads before it drafts
    };
    void ask(const intent& what, std::span<draft_seat> seats);
    [[nodiscard]] sent_order send_order(std::size_t index, const round_plan& plan, std::span<const draft_seat> seats);
    void time_order(std::size_t index, std::size_t answers, std::optional<double> waited_s);
    void stream(std::span<const draft_seat> seats);
    void hear_out(const intent& what, std::span<const draft_seat> seats);
    bool audit(std::span<draft_seat> seats);
    void order_always(std::span<draft_seat> seats);
    void late(std::size_t index);
    [[nodiscard]] std::array<float, grades> chances(std::size_t index, const answer& of) const;
    [[nodiscard]] round_plan compose(std::span<draft_seat> seats, double usual = 0);
    [[nodiscard]] pass_times passes(std::size_t answers) const;
    [[nodiscard]] double usual(std::size_t answers, double planned) const;
    [[nodiscard]] std::size_t familiar(std::size_t answers, std::size_t rows) const;
    void observe(std::size_t rows, double seconds);
    [[nodiscard]] bool shape_has_price() const { return options_.passes == speculator_options::shape::measured && reshape_s_ > 0; }
    [[nodiscard]] std::size_t shape_of(std::span<const draft_seat> seats, const round_plan& plan, const std::optional<intent>& order);
    [[nodiscard]] std::size_t cut(std::span<draft_seat> seats, const round_plan& plan, const std::optional<intent>& order);
    [[nodiscard]] std::optional<intent> decide(std::span<const draft_seat> seats, const round_plan& free) const;
    [[nodiscard]] std::optional<prospect> prospect_of(std::span<const draft_seat> seats, std::size_t index) const;
    [[nodiscard]] std::optional<intent> committee(std::span<const draft_seat> seats, const round_plan& free) const;
    [[nodiscard]] drafting_report believed() const;
    void remember() const; // what report() gives while a drafter is waited for
    void weigh(const std::vector<double>& yields, bool drafted, double seconds);
    void judge(answer& of, std::span<const std::int32_t> said, std::span<const std::int32_t> picked);
    [[nodiscard]] consensus believed_of(const sampling_params& sampling) const;
    void measure_drafter(std::size_t index, engine& target, std::int32_t sequence);
    [[nodiscard]] bool bears_company(std::size_t index, engine& target, std::int32_t sequence);

    speculator_options options_;
    draft_inbox inbox_;
    std::vector<drafter> drafters_;
    std::unordered_map<sequence_id, answer> answers_;

    mutable std::timed_mutex mutex_; // held by every public function, also while a drafter is waited for
    step_times times_;
    std::size_t least_rows_ = 1; // of a pass, as plan() was last told
    double reshape_s_ = 0;      // what a change of the passes' shape costs
    std::set<std::size_t> shapes_; // rows that passes have had since the table of their times was made
    double setup_s_ = 0;           // what the first pass with so many rows took more than others; 0 = less than a step
    held_shape shape_;
    std::size_t last_rows_ = 0;    // of the last pass; 0 = another kind of pass
    std::size_t last_answers_ = 0; // of the last pass that was a round
    struct {
        int rounds = 0;
        double tokens = 0, seconds = 0; // running means of the last rounds with so many answers
    } pace_;
    draft_path::rates rates_;
    struct place {
        double seen = 0, accepted = 0;
    };
    std::vector<place> places_; // acceptance by position in the draft
    gain model_gain_, free_gain_;
    bool together_ = false;     // several drafted for the same places in the round under way
    double stood_ = hoped;      // of the tokens of such rounds: running mean
    bool ordered_ = false;      // a model drafted for the round under way
    double waited_s_ = 0;       // for it
    std::size_t unheard_ = 0;   // tokens since drafters were last listened to
    double rest_s_ = 0;         // of passes, before they are listened to again
    int quiet_ = 0;             // how often in a row listening said that drafting does not pay
    double length_ = 0, predicted_ = 1; // running means

    mutable std::mutex report_mutex_; // guards what follows; taken after mutex_
    mutable drafting_report report_;
};

} // namespace tw
