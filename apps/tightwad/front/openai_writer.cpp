// Events in, OpenAI bodies or server-sent events out.
#include "front/openai_writer.hpp"

#include <utility>

#include "front/errors.hpp"
#include "front/openai_response.hpp"
#include "front/sse.hpp"

namespace tw::front {

openai_writer::openai_writer(const api_request& request, answer_identity who)
    : answer_writer(request, std::move(who)), n_(request.n),
      echo_(request.answers()) {
    for (std::size_t i = 0; request.echo && i < echo_.size(); ++i)
        echo_[i] = std::get<std::string>(request.inputs[i / static_cast<std::size_t>(n_)]);
}

std::string openai_writer::opening() {
    std::string out;
    for (std::size_t i = 0; i < choices().size(); ++i)
        if (who().kind == endpoint::chat || !echo_[i].empty())
            out += sse_event(first_chunk(who(), i, echo_[i]));
    return out;
}

std::string openai_writer::piece(std::size_t index, std::string_view text) {
    return sse_event(text_chunk(who(), index, text));
}

std::string openai_writer::ended(std::size_t index) {
    return sse_event(complete() ? last_chunk(who(), index, choices())
                                : finish_chunk(who(), index, choices()[index].result.reason));
}

std::string openai_writer::closing() {
    if (failure()) return sse_event(error_body(dialect::openai, problem_of(*failure())));
    std::string out;
    if (who().include_usage) out += sse_event(usage_chunk(who(), choices(), n_));
    return out.append(sse_done);
}

std::string openai_writer::whole() {
    auto answers = choices();
    for (std::size_t i = 0; i < answers.size(); ++i)
        answers[i].text.insert(0, echo_[i]);
    return whole_answer(who(), answers, n_);
}

} // namespace tw::front
