// Requests in a fixed order, one at a time.
#include "commands/bench_run.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <utility>

#include <nlohmann/json.hpp>

namespace tw::cli {
namespace {

using steady = std::chrono::steady_clock;

double seconds(steady::time_point from, steady::time_point to) {
    return std::chrono::duration<double>(to - from).count();
}

class stopwatch_sink final : public generation_sink {
  public:
    void text(std::string_view piece) override {
        if (out_.text.empty()) first_ = steady::now();
        out_.text += piece;
    }
    void done(generation_result result) override {
        const auto now = steady::now();
        out_.total_s = seconds(started_, now);
        out_.first_s = out_.text.empty() ? out_.total_s : seconds(started_, first_);
        out_.result = std::move(result);
        ended_.set_value(std::move(out_));
    }
    [[nodiscard]] timed_answer wait() { return ended_.get_future().get(); }

  private:
    const steady::time_point started_ = steady::now();
    steady::time_point first_;
    timed_answer out_;
    std::promise<timed_answer> ended_;
};

class asker {
  public:
    asker(pipeline& models, const bench_options& options) : models_(models), options_(options) {}

    [[nodiscard]] result<timed_answer> ask(const std::string& prompt, bool speculate, std::int32_t max_tokens) {
        generation_request request;
        if (chat_) request.input = std::vector<chat_message>{{"user", prompt}};
        else request.input = prompt;
        request.sampling.temperature = static_cast<float>(options_.temperature);
        request.sampling.seed = 1;
        request.said = nlohmann::json{{"temperature", options_.temperature}, {"seed", 1}}.dump();
        request.max_tokens = max_tokens;
        request.speculate = speculate;
        const auto sink = std::make_shared<stopwatch_sink>();
        if (const auto started = models_.start(std::move(request), sink); !started) {
            if (!chat_ || started.error().code != code::unsupported) return started.error();
            chat_ = false;
            return ask(prompt, speculate, max_tokens);
        }
        auto answer = sink->wait();
        if (answer.result.reason == finish_reason::failed)
            return answer.result.failure.value_or(fail(code::internal, "An answer failed without a reason."));
        return answer;
    }

    [[nodiscard]] result<bench_pair> pair(std::size_t index, const std::vector<std::string>& prompts) {
        bench_pair out{.prompt = index % prompts.size()};
        const auto& prompt = prompts[out.prompt];
        const auto opener = ask(prompt, true, 1);
        if (!opener) return opener.error();
        out.cold_first_s = opener->first_s;
        for (const bool on : {index % 2 == 0, index % 2 != 0}) {
            auto answer = ask(prompt, on, options_.max_tokens);
            if (!answer) return answer.error();
            (on ? out.on : out.alone) = std::move(*answer);
        }
        return out;
    }

  private:
    pipeline& models_;
    const bench_options& options_;
    bool chat_ = true; // until the model is found to have no template
};

} // namespace

bool bench_pair::equal() const {
    return on.text == alone.text && on.result.tokens == alone.result.tokens && on.result.reason == alone.result.reason;
}

std::vector<bench_source> source_rows(const speculation_stats& stats) {
    std::vector<bench_source> rows;
    for (std::size_t i = 0; i < draft_sources; ++i)
        if (const auto& share = stats.sources[i]; share.drafted > 0)
            rows.push_back({name(static_cast<draft_source>(i)), share.drafted, share.accepted});
    return rows;
}

result<std::vector<bench_pair>> run_pairs(pipeline& models, const std::vector<std::string>& prompts,
                                          const bench_options& options,
                                          const std::function<void(float)>& progress) {
    asker asking(models, options);
    if (const auto warm = asking.pair(0, prompts); !warm) return warm.error();
    std::vector<bench_pair> pairs;
    const auto wanted = static_cast<std::size_t>(options.pairs);
    while (pairs.size() < wanted) {
        progress(static_cast<float>(pairs.size()) / static_cast<float>(wanted));
        auto next = asking.pair(pairs.size(), prompts);
        if (!next) return next.error();
        pairs.push_back(std::move(*next));
    }
    return pairs;
}

} // namespace tw::cli
