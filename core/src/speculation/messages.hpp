// What a verifier and a drafter say to each other, in one process and across a network alike.
//
// The verifier owns the truth: the committed tokens of a sequence. It opens a sequence, orders drafts that
// follow a committed prefix, and closes it. A drafter answers with batches of tokens. An order has an epoch,
// which rises with each one, and every reply names the epoch of its order; orders and batches name the length
// and digest of the prefix they follow. So a message that is late, repeated or lost is harmless: a batch is used
// only where its prefix is what the verifier has, an audit ends the wait for its own order only, and an order
// whose prefix a drafter cannot rebuild is answered `lost`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sampling/params.hpp"
#include "speculation/prefix.hpp"

namespace tw {

using sequence_id = std::uint64_t; // one answer; a verifier never uses one twice

// How sure a drafter is of a token, as a small class: 0 is least sure. What a grade is worth is learned by
// the verifier (acceptance.hpp), so drafters need not agree on a scale.
inline constexpr std::size_t grades = 8;
using grade = std::uint8_t;

// Verifier to drafter.
struct draft_open {
    sequence_id sequence = 0;
    sampling_params sampling; // the drafter picks by the same rule and noise
    std::vector<std::int32_t> prompt;
};
struct draft_order {
    sequence_id sequence = 0;
    std::uint32_t epoch = 0;
    std::uint32_t base = 0;         // committed tokens, prompt included
    prefix_digest prefix = 0;       // of those
    std::vector<std::int32_t> tail{}; // the last of them, at least those the drafter was not told
    std::uint16_t want = 0;         // tokens to draft behind `base`; 0 = none
    float floor = 0; // stop where the chance that the draft stands up to there falls below it
    // That a token of each grade is accepted; none = as the last order of the sequence said.
    std::optional<std::array<float, grades>> chance{};
    bool stream = false;    // send tokens as they come,
    std::uint8_t group = 1; // so many at a time, but the first at once
    bool branches = false;  // when done, go on to the continuation of the likeliest correction
    bool audit = false;     // also say which of the newly told tokens it would have picked
};
struct draft_close {
    sequence_id sequence = 0;
};
using drafter_message = std::variant<draft_open, draft_order, draft_close>;

// Drafter to verifier.
struct proposal {
    std::int32_t token = 0;
    tw::grade grade = 0;
};
struct draft_batch {
    sequence_id sequence = 0;
    std::uint32_t epoch = 0;
    std::uint32_t base = 0;   // length of the prefix that the first token follows
    prefix_digest prefix = 0; // of that prefix
    std::vector<proposal> tokens;
    bool complete = false; // nothing more comes for this order, branches apart
    float seconds = 0;     // the drafter's own time for `tokens`: passes and picks; 0 = of a stream, or a branch
};
struct audit_entry {
    tw::grade grade = 0;
    bool agreed = false;
};
struct draft_audit {
    sequence_id sequence = 0;
    std::uint32_t epoch = 0; // of the order in force when its tokens were judged
    std::vector<audit_entry> entries;
    bool complete = false; // all that was told has been judged, or was drafted from before
};
struct draft_lost { // open the sequence again
    sequence_id sequence = 0;
    std::uint32_t epoch = 0; // of the order that could not be followed
};
struct drafter_failed { // nothing more comes from this drafter
    std::string why;
};
using drafter_reply = std::variant<draft_batch, draft_audit, draft_lost, drafter_failed>;

} // namespace tw
