// Events in, OpenAI bodies or server-sent events out.
#include "front/answer_writer.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "front/errors.hpp"
#include "front/sse.hpp"

namespace tw::front {

answer_writer::answer_writer(const api_request& request, answer_identity who)
    : who_(std::move(who)), stream_(request.stream), n_(request.n), echo_(request.answers()),
      choices_(request.answers()) {
    for (std::size_t i = 0; request.echo && i < echo_.size(); ++i)
        echo_[i] = std::get<std::string>(request.inputs[i / static_cast<std::size_t>(n_)]);
}

std::string answer_writer::opening() const {
    std::string out;
    for (std::size_t i = 0; i < choices_.size(); ++i)
        if (who_.kind == endpoint::chat || !echo_[i].empty())
            out += sse_event(first_chunk(who_, i, echo_[i]));
    return out;
}

std::string answer_writer::add(answer_event event) {
    auto& choice = choices_.at(event.index);
    if (!event.end) {
        if (stream_) return sse_event(text_chunk(who_, event.index, event.text));
        choice.text += event.text;
        return {};
    }
    choice.result = *std::move(event.end);
    ++ended_;
    if (choice.result.reason == finish_reason::failed)
        failure_ = choice.result.failure.value_or(
            fail(code::internal, "The answer failed without a message."));
    else if (choice.result.reason == finish_reason::cancelled)
        failure_ =
            fail(code::cancelled, "The answer was cancelled before it was complete; ask again.");
    if (failure_ || !stream_) return {};
    return sse_event(complete() ? last_chunk(who_, event.index, choices_)
                                : finish_chunk(who_, event.index, choice.result.reason));
}

std::string answer_writer::closing() const {
    if (failure_)
        return sse_event(error_object(*failure_).dump(
            -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    std::string out;
    if (who_.include_usage) out += sse_event(usage_chunk(who_, choices_, n_));
    return out.append(sse_done);
}

std::string answer_writer::whole() const {
    auto choices = choices_;
    for (std::size_t i = 0; i < choices.size(); ++i)
        choices[i].text.insert(0, echo_[i]);
    return whole_answer(who_, choices, n_);
}

} // namespace tw::front
