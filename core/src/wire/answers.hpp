// Frames of a channel opened as `target`: the scheduler runs at the peer, ids and text come back.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "scheduler/generation.hpp"
#include "scheduler/sequence.hpp"

namespace tw::wire {

using request_id = std::uint64_t; // one answer; the asking side never uses one twice on a channel

// The asking side to the serving side. The receiver still checks the ids against its vocabulary, the
// prompt against its context and the sampling by validate().
struct submit {
    request_id request = 0;
    sequence_request what;
};
struct cancel { // `done` still comes
    request_id request = 0;
};

// The serving side to the asking side.
struct piece { // what one round brought
    request_id request = 0;
    token_ids tokens;
    std::string text; // any bytes
};
struct done { // the last of a request
    request_id request = 0;
    generation_result result;
};
struct refused { // instead of any piece or done
    request_id request = 0;
    error why;
};

} // namespace tw::wire
