// Turns the events of one request's answers into the bytes of its reply, whole or streamed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "front/answer_queue.hpp"
#include "front/api_request.hpp"
#include "front/server_extra.hpp"

namespace tw::front {

/// What all parts of a reply have in common.
struct answer_identity {
    endpoint kind = endpoint::chat;
    std::string id, model;
    std::int64_t created = 0; // seconds since 1970
    bool include_usage = false, logprobs = false;
};

/// A new id as the API forms them, and now.
[[nodiscard]] answer_identity new_identity(const api_request& request, std::string model);

/// One of the answers to a request.
struct choice {
    std::string text;
    std::string thoughts; // apart from it
    std::vector<tool_call> calls; // of tools
    std::vector<token_likelihood> likelihoods; // when asked for
    server_extra extra;                        // where a server answers; in a stream without pieces that were told
    generation_result result;
};

/// One subclass per API. No clock but the answer's `created`, no I/O.
class answer_writer {
  public:
    answer_writer(const api_request& request, answer_identity who)
        : who_(std::move(who)), stream_(request.stream),
          inline_reasoning_(request.inline_reasoning), choices_(request.answers()), thinking_(request.answers()) {}
    virtual ~answer_writer() = default;
    answer_writer(const answer_writer&) = delete;
    answer_writer& operator=(const answer_writer&) = delete;

    /// The first bytes of a stream.
    [[nodiscard]] virtual std::string opening() = 0;

    /// Takes an event; returns its bytes if the answer is streamed.
    std::string add(answer_event event);

    /// Every answer has ended, none by failing.
    [[nodiscard]] bool complete() const { return !failure_ && ended_ == choices_.size(); }
    [[nodiscard]] const std::optional<error>& failure() const { return failure_; }

    /// The end of a stream, or the error that ends it.
    [[nodiscard]] virtual std::string closing() = 0;

    /// The body of a complete answer.
    [[nodiscard]] virtual std::string whole() = 0;

    [[nodiscard]] virtual std::string_view stream_type() const {
        return "text/event-stream; charset=utf-8";
    }
    /// What a silent stream carries so that proxies keep it open; empty = nothing is allowed.
    [[nodiscard]] virtual std::string_view ping() const;

  protected:
    /// The bytes of a piece in a stream.
    [[nodiscard]] virtual std::string piece(const answer_event& event) = 0;
    /// The bytes of a piece of what the model thinks in a stream; most APIs have no place for it.
    [[nodiscard]] virtual std::string thought(const answer_event& event) {
        static_cast<void>(event);
        return {};
    }
    /// The bytes of a piece of a tool call in a stream; its first has id and name.
    [[nodiscard]] virtual std::string call(const answer_event& event) {
        static_cast<void>(event);
        return {};
    }
    /// Takes what only some clients know, and returns its bytes in a stream; most APIs have no place for it.
    [[nodiscard]] virtual std::string extra(const answer_event& event) {
        static_cast<void>(event);
        return {};
    }
    /// The bytes of an answer's end in a stream; not called for one that failed.
    [[nodiscard]] virtual std::string ended(std::size_t index) = 0;

    void keep(std::size_t index, server_extra news);
    [[nodiscard]] bool streams() const { return stream_; }
    [[nodiscard]] const answer_identity& who() const { return who_; }
    [[nodiscard]] const std::vector<choice>& choices() const { return choices_; }

  private:
    std::string take(answer_event event);
    std::string add_call(answer_event event);

    answer_identity who_;
    bool stream_, inline_reasoning_;
    std::vector<choice> choices_;
    std::vector<bool> thinking_; // of each choice, whose thoughts stand in the text: they go on
    std::size_t ended_ = 0;
    std::optional<error> failure_;
};

/// The writer of the request's API.
[[nodiscard]] std::unique_ptr<answer_writer> make_writer(const api_request& request,
                                                         answer_identity who);

} // namespace tw::front
