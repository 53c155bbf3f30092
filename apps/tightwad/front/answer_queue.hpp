// Carries pieces of answers from the pipeline's threads to the connection's.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace tw::front {

/// A piece of one answer, or its end.
struct answer_event {
    std::size_t index = 0;
    std::string text{};
    std::vector<token_likelihood> likelihoods{}; // when asked for, of the tokens in `text`
    std::optional<tool_call_piece> call{};       // instead of text
    std::string thought{};                       // likewise: of what the model thinks apart from its answer
    std::string extra{};                         // likewise: what only some clients know, as generation_sink has it
    std::optional<generation_result> end{};
};

/// Never blocks the pipeline: past `max_bytes` of unread pieces it drops what comes and says so.
class answer_queue {
  public:
    /// `wake` is called, in any thread, when something came after the queue was empty or full.
    answer_queue(std::size_t max_bytes, std::function<void()> wake);

    void push(answer_event event);

    /// The oldest events, about `max_bytes` of text; empty when there are none.
    [[nodiscard]] std::vector<answer_event> take(std::size_t max_bytes);

    [[nodiscard]] bool overflowed() const;

    /// After this `wake` is not called any more, whatever comes.
    void close();

  private:
    const std::size_t max_bytes_;
    std::mutex waking_; // of wake_ alone, so that who is woken need not wait for who wakes him
    std::function<void()> wake_; // empty = closed
    mutable std::mutex mutex_;
    bool closed_ = false;
    std::deque<answer_event> events_;
    std::size_t bytes_ = 0;
    bool overflowed_ = false;
};

/// The pipeline's side for the answer of that index.
[[nodiscard]] std::shared_ptr<generation_sink> sink_for(std::shared_ptr<answer_queue> queue,
                                                        std::size_t index);

} // namespace tw::front
