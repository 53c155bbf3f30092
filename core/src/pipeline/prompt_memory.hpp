// Which prompts a replica was given last, so that the next one can go where its beginning is still cached.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "scheduler/generation.hpp"

namespace tw {

// One digest per whole 64-byte block of the serialised input, each over all blocks up to it: two chains are equal up to
// entry n exactly where the inputs share their first 64 (n + 1) bytes. Only the first 64 KiB count.
using prompt_chain = std::vector<std::uint64_t>;

[[nodiscard]] prompt_chain chain_of(const generation_request& request);

// Not thread-safe. At most 32 chains of 8 KiB.
class prompt_memory {
  public:
    // A remembered prompt that is the beginning of this one gives way to it: a chat counts once, not once a turn.
    void remember(prompt_chain chain);

    // Bytes of the longest beginning that any remembered prompt shares, a multiple of 64.
    [[nodiscard]] std::size_t shared(const prompt_chain& chain) const;

  private:
    std::deque<prompt_chain> chains_; // the oldest first
};

} // namespace tw
