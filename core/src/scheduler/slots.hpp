// The target's sequences: who has which, and what the idle ones still hold from earlier answers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bridge/engine.hpp"

namespace tw {

// A slot keeps its tokens after the answer, so that a request that begins alike need not be read again.
// From the scheduler's thread alone.
class slots {
  public:
    // With `reuse` false every slot is emptied when its answer ends.
    slots(engine& target, bool reuse);

    struct place {
        std::int32_t slot = -1;
        std::size_t cached = 0; // tokens of the prompt that are there already
    };

    // Takes a free slot for `prompt`, as cache_choice.hpp says. At least the last token is left to be decoded. None when all
    // are taken.
    [[nodiscard]] std::optional<place> take(std::span<const std::int32_t> prompt);

    // The answer in `slot` ended; the cache holds exactly `held`.
    void give_back(std::int32_t slot, std::span<const std::int32_t> held);

    // Empties the idle slot that was used longest ago and says which; it stays idle. At least one must be.
    [[nodiscard]] std::int32_t empty_one();

    // What `slot` holds, of a slot that is idle.
    [[nodiscard]] std::size_t held(std::int32_t slot) const { return at(slot).tokens.size(); }
    [[nodiscard]] bool idle(std::int32_t slot) const { return !at(slot).taken; }
    // Cuts an idle slot's cache back to `length` tokens.
    void cut(std::int32_t slot, std::size_t length);

  private:
    struct state {
        std::vector<std::int32_t> tokens;
        std::size_t asked = 0; // of the tokens, how many the prompt had
        std::uint64_t used_at = 0;
        bool taken = false;
    };
    [[nodiscard]] const state& at(std::int32_t slot) const { return states_[static_cast<std::size_t>(slot)]; }

    engine& target_;
    bool reuse_;
    std::uint64_t clock_ = 0;
    std::vector<state> states_;
};

} // namespace tw
