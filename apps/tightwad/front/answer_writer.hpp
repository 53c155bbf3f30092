// Turns the events of one request's answers into the bytes of its reply, whole or streamed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "front/answer_queue.hpp"
#include "front/openai_response.hpp"

namespace tw::front {

/// Pure: no clock but the answer's `created`, no I/O.
class answer_writer {
  public:
    answer_writer(const api_request& request, answer_identity who);

    /// The first events of a stream, one a choice.
    [[nodiscard]] std::string opening() const;

    /// Takes an event; for a stream, its server-sent events.
    std::string add(answer_event event);

    /// Every answer has ended, none by failing.
    [[nodiscard]] bool complete() const { return !failure_ && ended_ == choices_.size(); }
    [[nodiscard]] const std::optional<error>& failure() const { return failure_; }

    /// The end of a stream: usage if asked for and [DONE], or the error.
    [[nodiscard]] std::string closing() const;

    /// The body of a complete answer.
    [[nodiscard]] std::string whole() const;

  private:
    answer_identity who_;
    bool stream_;
    int n_;
    std::vector<std::string> echo_; // one a choice, empty without echo
    std::vector<choice> choices_;
    std::size_t ended_ = 0;
    std::optional<error> failure_;
};

} // namespace tw::front
