// Drafts by a small model, one pass at a time: the drafter's side of the messages.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "bridge/engine.hpp"
#include "sampling/sampler.hpp"
#include "speculation/messages.hpp"

namespace tw {

// Not thread-safe. Its context may be shorter than the target's: when it is full, drafting goes on from
// the last half of it. A draft is a proposal, so what the drafter forgets costs acceptance and never
// correctness. A closed sequence leaves its cache behind, and the next one that begins alike uses it.
class model_drafter {
  public:
    // Takes a loaded engine with the target's vocabulary.
    explicit model_drafter(std::unique_ptr<engine> model);

    // Newer orders replace older ones. An order about an unknown sequence is answered `lost` by the next
    // step, a close of one is ignored, and so is an open when every slot is taken.
    void apply(drafter_message message);

    [[nodiscard]] bool has_work() const;

    // One pass of the model over every sequence that has work; what came of it is appended to `out`.
    // After an error the drafter is of no more use.
    [[nodiscard]] result<void> step(std::vector<drafter_reply>& out);

    // The longest draft it can make: half its context, the other half is what it drafts from.
    [[nodiscard]] std::size_t longest() const { return static_cast<std::size_t>(model_->info().n_ctx) / 2; }

    [[nodiscard]] const engine& model() const { return *model_; }

  private:
    struct mark { // beside each drafted token
        std::int32_t runner_up;
        tw::grade grade;
        bool branched;
    };
    // The continuation of a likely correction, drafted while there is nothing better to do.
    struct branch {
        std::size_t at = 0;                // index of the token it replaces
        std::vector<std::int32_t> tokens;  // the runner-up, then what follows it
        std::vector<tw::grade> grades;     // of what follows it
    };
    struct slot {
        sequence_id sequence = 0; // 0 = closed
        std::uint64_t used_at = 0; // when it was closed
        draft_order order;
        std::array<float, grades> chance{}; // of the last order that said it
        std::optional<tw::sampler> sampler; // has seen `tokens`
        std::size_t prompt = 0;             // of `tokens`, how many are the prompt
        std::vector<std::int32_t> tokens;   // committed, then drafted
        std::vector<prefix_digest> digests; // digests[i] = of tokens[0 … i)
        std::vector<mark> marks;            // of the drafted tokens
        std::size_t base = 0;               // index of the first token in the engine's cache
        std::vector<std::int32_t> held;     // what the engine's cache holds, from `base` on
        std::size_t audited = 0;            // tokens judged or passed over so far
        std::size_t sent = 0;               // drafts already sent for this order
        bool complete = true;
        bool audit_due = false; // the order asked for one, and it is not complete
        float seconds = 0; // spent in passes and picks since the last batch
        std::optional<branch> side;
        bool branched = false; // a branch was begun since the last order

        [[nodiscard]] std::size_t committed() const { return tokens.size() - marks.size(); }
    };
    struct fed { // the rows of one slot in the pass under way
        slot* of;
        std::int32_t first_row;             // among those that want logits: the judged ones, then the head
        std::size_t judged_from, judged_to; // indices of the tokens an audit compares with
        bool head;                          // the last row picks a new token
    };

    void open(draft_open message);
    void close(slot& at);
    void follow(draft_order order);
    [[nodiscard]] slot* find(sequence_id sequence);
    static void cut_back(slot& at, std::size_t length);
    static void append(slot& at, std::int32_t token);
    [[nodiscard]] bool wants_token(const slot& at) const;
    [[nodiscard]] static double survival(const slot& at);
    [[nodiscard]] static std::optional<std::size_t> likely_correction(const slot& at);
    static void begin_branch(slot& at);
    result<void> align(slot& at, std::int32_t index, const std::vector<std::int32_t>& path);
    void feed(slot& at, std::int32_t index, const std::vector<std::int32_t>& path, std::vector<fed>& out);
    void audit(const fed& what, const engine::logits_view& logits, std::vector<drafter_reply>& out);
    void draft(slot& at, const engine::logits_view& logits, std::int32_t row, std::vector<drafter_reply>& out);
    void grow_branch(slot& at, const engine::logits_view& logits, std::int32_t row, std::vector<drafter_reply>& out);
    static void send(slot& at, std::vector<drafter_reply>& out);

    std::unique_ptr<engine> model_;
    std::vector<slot> slots_;
    std::uint64_t clock_ = 0;
    std::vector<draft_lost> lost_;
    std::vector<tw_row> rows_;
    std::int32_t wanted_ = 0; // rows of the pass that want logits
};

// The class of a margin between a pick and its runner-up.
[[nodiscard]] grade grade_of(float margin);

} // namespace tw
