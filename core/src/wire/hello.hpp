// The first frame of a connection, from both sides: who is there, what it speaks and what it serves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "exactness/probe.hpp"
#include "sampling/sampler.hpp"

namespace tw::wire {

// Two majors do not talk. Of two minors the lower one is spoken: who knows more sends no more than the
// other understands.
struct protocol_version {
    std::uint16_t major_number = 0, minor_number = 0;

    bool operator==(const protocol_version&) const = default;
};
inline constexpr protocol_version our_protocol{3, 1};
inline constexpr std::uint16_t minor_of_questions = 1; // the first that knows `ask` and `found`

// A loaded model that may be opened over a channel.
struct served_engine {
    std::string name{};
    bool drafter = false, target = false; // what it may be opened as
    std::string vocabulary{}; // engine::vocabulary_digest
    std::string identity{};   // what the weights are, a digest; empty = not known
    std::string build{};      // of the engine
    std::string device{};     // what it computes on
    std::string settings{};   // cache types and whatever else changes bits
    std::int32_t n_vocab = 0;
    std::int32_t n_ctx = 0; // tokens a sequence may hold
    std::int32_t slots = 0; // sequences at once
    exactness_class exactness = exactness_class::numeric;
};

// The first four fields stay as they are in every major, so that any two hosts can refuse each other in
// words; those of another major stop reading there.
struct hello {
    protocol_version protocol = our_protocol;
    std::string tightwad{}; // version of the program
    std::string machine{};  // a name for people
    std::uint32_t sampler = sampler_revision;
    std::uint64_t session = 0; // random; the same again after a reconnect. Not a secret
    std::vector<served_engine> engines{};
};

// Ok, or one sentence why these two hosts cannot work together: another major, another sampler.
[[nodiscard]] result<void> compare(const hello& mine, const hello& theirs);

// Two targets of one digest give the same bytes: a hash over weights, build, device, settings and class.
// Empty unless the weights are known and the class is bitwise.
[[nodiscard]] std::string exactness_digest(const served_engine& target);

// Ok, or why one of two models cannot draft for the other: another vocabulary.
[[nodiscard]] result<void> compare(const served_engine& mine, const served_engine& theirs);

} // namespace tw::wire
