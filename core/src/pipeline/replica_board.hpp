// What is known about the replicas of one pipeline: who runs how much, who was given which prompts, who said "busy".
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "pipeline/prompt_memory.hpp"

namespace tw {

// Any thread. It owns no pipeline and calls none, so an answer may hold it for as long as it lives.
class replica_board {
  public:
    explicit replica_board(std::size_t replicas) : entries_(replicas) {}

    struct candidate {
        std::size_t index = 0;
        bool preferred = true; // one that is not is taken only when no preferred one is left
    };

    // Chooses one of the candidates (all of which are up) and counts an answer there at once, so that two requests in
    // the same moment go two ways. First those that are not in a pause they asked for with `busy`; of these the one
    // that was given the longest beginning of this prompt, if that is at least 256 bytes and it runs at most one answer
    // more than the least loaded; else the least loaded; else the first. None of none.
    [[nodiscard]] std::optional<std::size_t> take(std::span<const candidate> candidates, const prompt_chain& prompt);

    void accepted(std::size_t index, const prompt_chain& prompt); // its prompt will be cached there
    void rest(std::size_t index, std::chrono::milliseconds busy_for); // it asked for a pause, a minute at most
    [[nodiscard]] bool rests(std::size_t index) const;
    void left(std::size_t index); // the answer that take() counted has ended, or never ran
    void moved(); // an answer was lost, and another replica is looked for

    [[nodiscard]] std::size_t running(std::size_t index) const;
    [[nodiscard]] std::uint64_t moves() const;

  private:
    struct entry {
        std::size_t running = 0;
        std::chrono::steady_clock::time_point busy_until{};
        prompt_memory prompts;
    };

    mutable std::mutex mutex_;
    std::vector<entry> entries_;
    std::uint64_t moves_ = 0;
};

} // namespace tw
