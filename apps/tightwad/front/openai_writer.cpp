// Events in, OpenAI bodies or server-sent events out.
#include "front/openai_writer.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "base/text.hpp"
#include "front/errors.hpp"
#include "front/openai_logprobs.hpp"
#include "front/sse.hpp"

namespace tw::front {
namespace {

/// The mean log probability of its tokens.
double likelihood(const choice& one) {
    double sum = 0;
    for (const auto& token : one.likelihoods) sum += token.chosen.logprob;
    return one.likelihoods.empty() ? -std::numeric_limits<double>::infinity() : sum / static_cast<double>(one.likelihoods.size());
}

/// The `n` likeliest of every `best_of`, likeliest first.
std::vector<choice> likeliest(std::vector<choice> all, int n, int best_of) {
    std::vector<choice> out;
    for (auto group = all.begin(); group != all.end(); group += best_of) {
        std::stable_sort(group, group + best_of, [](const auto& a, const auto& b) { return likelihood(a) > likelihood(b); });
        out.insert(out.end(), std::move_iterator(group), std::move_iterator(group + n));
    }
    return out;
}

} // namespace

openai_writer::openai_writer(const api_request& request, answer_identity who)
    : answer_writer(request, std::move(who)), n_(request.n), best_of_(request.best_of), echoes_(request.echo),
      echo_(request.answers()), ends_(request.answers()) {
    for (std::size_t i = 0; request.echo && i < echo_.size(); ++i)
        if (const auto* text = std::get_if<std::string>(
                &request.inputs[i / static_cast<std::size_t>(best_of_)]))
            echo_[i] = *text, ends_[i] = count_code_points(*text);
    for (std::size_t i = 0; request.stream && !this->who().logprobs && i < request.answers(); ++i)
        frames_.push_back(frame_of(this->who(), i));
}

std::string openai_writer::opening() {
    std::string out;
    for (std::size_t i = 0; i < choices().size(); ++i)
        if (who().kind == endpoint::chat || !echo_[i].empty())
            out += sse_event(first_chunk(who(), i, echo_[i]));
    return out;
}

std::string openai_writer::piece(const answer_event& event) {
    if (!who().logprobs) return sse_event(text_chunk(frames_[event.index], event.text));
    ends_[event.index] += count_code_points(event.text);
    return sse_event(likelihood_chunk(who(), event, ends_[event.index]));
}

std::string openai_writer::thought(const answer_event& event) {
    return who().kind == endpoint::chat ? sse_event(thought_chunk(who(), event)) : std::string();
}

std::string openai_writer::call(const answer_event& event) {
    return sse_event(call_chunk(who(), event.index, *event.call));
}

std::string openai_writer::extra(const answer_event& event) {
    auto news = server_extra::of(event.extra);
    const auto chunk = streams() ? extra_chunk(who(), event.index, news) : std::string();
    if (streams()) news.drop_pieces();
    keep(event.index, std::move(news));
    return chunk.empty() ? std::string() : sse_event(chunk);
}

std::string openai_writer::ended(std::size_t index) {
    return sse_event(complete() ? last_chunk(who(), index, choices())
                                : finish_chunk(who(), index, choices()[index]));
}

std::string openai_writer::closing() {
    if (failure()) return sse_event(error_body(dialect::openai, problem_of(*failure())));
    std::string out;
    if (const auto counted = who().include_usage ? usage_chunk(who(), choices(), best_of_) : std::string(); !counted.empty())
        out += sse_event(counted);
    return out.append(sse_done);
}

std::string openai_writer::whole() {
    auto answers = choices();
    for (std::size_t i = 0; i < answers.size(); ++i) {
        auto echo = echo_[i];
        if (echo.empty() && echoes_)
            for (const auto& token : answers[i].result.prompt_logprobs) echo += token.chosen.bytes;
        answers[i].text.insert(0, to_valid_utf8(echo));
    }
    if (best_of_ > n_) answers = likeliest(std::move(answers), n_, best_of_);
    return whole_answer(who(), answers, choices(), best_of_);
}

} // namespace tw::front
