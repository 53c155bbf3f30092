// A pipeline whose target picks its own tokens.
#include "pipeline/backend_pipeline.hpp"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "pipeline/handed_down.hpp"
#include "pipeline/server_body.hpp"
#include "pipeline/server_news.hpp"
#include "pipeline/server_questions.hpp"

namespace tw {

struct backend_pipeline::counters {
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::int64_t> active{0}, tokens{0};
};

namespace {

using steady = std::chrono::steady_clock;

class running final : public generation {
  public:
    explicit running(std::shared_ptr<backend_request> request) : request_(std::move(request)) {}
    void cancel() override { request_->cancel(); }

  private:
    std::shared_ptr<backend_request> request_;
};

// What only a plugin that knows tw_sink::more passes on.
result<void> within_1_1(const generation_request& request, const std::string& plugin) {
    const auto why = "the plugin '" + plugin + "' was built before they could be passed on.";
    if (auto can = without_logprobs(request, why); !can) return can;
    if (auto can = without_grammar(request, why); !can) return can;
    if (auto can = without_suffix(request, why); !can) return can;
    return without_tools(request, why);
}

// One answer under way. Its pieces and its end never come at the same time.
struct listening {
    std::shared_ptr<generation_sink> sink;
    server_news news{};
    std::optional<error> failure{};

    void more(std::string_view json) {
        if (failure) return;
        if (auto read = news.read(json, *sink); !read) failure = std::move(read.error());
    }
};

finish_reason reason_of(const backend_finish& finish) {
    if (finish.reason == TW_FINISH_LENGTH) return finish_reason::length;
    return finish.reason == TW_FINISH_FILTER ? finish_reason::filtered : finish_reason::stop;
}

// Bytes that make no sense are the server's fault, not this program's.
std::optional<error> blamed(std::optional<error> failure) {
    if (failure) failure->of_server = failure->code == code::corrupt;
    return failure;
}

// How an answer is begun, and what its end does not say.
struct beginning {
    std::uint64_t seed = 0;
    bool seeded = false;
    steady::time_point at = steady::now();
};

generation_result to_result(const backend_finish& finish, const beginning& begun, server_usage usage) {
    generation_result out;
    out.reason = reason_of(finish);
    if (finish.failure) {
        out.reason = finish.failure->code == code::cancelled ? finish_reason::cancelled : finish_reason::failed;
        out.failure = finish.failure;
    }
    out.prompt_tokens = std::max<std::int64_t>(0, finish.prompt_tokens);
    out.completion_tokens = std::max<std::int64_t>(0, finish.completion_tokens);
    usage.counted = finish.prompt_tokens >= 0 && finish.completion_tokens >= 0;
    out.cached_tokens = std::min(usage.cached.value_or(0), out.prompt_tokens);
    out.of_server = usage;
    out.seed = begun.seed;
    out.seeded = begun.seeded;
    out.stats.tokens = static_cast<std::uint64_t>(out.completion_tokens);
    out.stats.total_s = std::chrono::duration<double>(steady::now() - begun.at).count();
    return out;
}

} // namespace

backend_pipeline::backend_pipeline(std::string name, std::vector<std::string> serves, plain_target_info info,
                                   std::unique_ptr<backend> target)
    : name_(std::move(name)), serves_(std::move(serves)), info_(std::move(info)), target_(std::move(target)),
      counters_(std::make_shared<counters>()), health_(std::make_shared<server_health>()),
      facts_([this](server_probe::reply_function done) { return target_->ask("about", "{}", std::move(done)); }),
      probe_(info_.name, health_, [this](server_probe::reply_function done) {
          return target_->ask("health", "{}", std::move(done));
      }) {}

backend_pipeline::~backend_pipeline() = default;

std::size_t backend_pipeline::running_answers() const {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, counters_->active));
}

result<std::shared_ptr<generation>> backend_pipeline::start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) {
    if (request.prompt_logprobs)
        return error{.code = code::unsupported,
                     .message = "A server does not say how likely the tokens of a prompt are; leave 'echo' or 'logprobs' out.",
                     .param = "logprobs"};
    if (request.compared)
        return error{.code = code::unsupported,
                     .message = "Tightwad compares answers of models that it runs, not of servers; send 'best_of' equal to 'n'.",
                     .param = "best_of"};
    if (!info_.passes_more_on)
        if (auto can = within_1_1(request, info_.plugin); !can) return can.error();
    const auto asked = to_server_body(request);
    const beginning begun{request.sampling.seed, asked.contains("seed")};
    ++counters_->requests;
    ++counters_->active;
    const auto heard = std::make_shared<listening>(std::move(sink));
    auto started = target_->start(
        asked.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
        [heard](std::uint32_t, std::string_view text) { heard->sink->text(text); },
        [heard](std::uint32_t, std::string_view json) { heard->more(json); },
        [heard, counters = counters_, health = health_, begun](const backend_finish& finish) {
            auto result = to_result(finish, begun, heard->news.usage());
            --counters->active;
            if (heard->failure && !result.failure) {
                result.reason = finish_reason::failed;
                result.failure = std::move(heard->failure);
            }
            result.failure = blamed(std::move(result.failure));
            health->note(result.failure);
            counters->tokens += result.completion_tokens;
            heard->sink->done(std::move(result));
        });
    if (!started) {
        --counters_->active;
        return started.error();
    }
    return std::make_shared<running>(std::move(*started));
}

result<std::shared_ptr<generation>> backend_pipeline::ask(question asked, finding_function done) {
    const auto* const counted = std::get_if<count_question>(&asked);
    if (counted != nullptr)
        if (auto can = only_text(counted->request, "no server says how many tokens that is."); !can) return can.error();
    auto [what, json] = to_server(asked);
    auto begun = target_->ask(std::move(what), std::move(json),
                              [asked, done = std::move(done), health = health_](const result<std::string>& reply) {
                                  health->note(reply ? std::nullopt : std::optional(reply.error()));
                                  auto found = reply ? from_server(asked, *reply) : result<finding>(reply.error());
                                  if (found) done(std::move(found));
                                  else done(*blamed(found.error()));
                              });
    if (begun) return std::make_shared<running>(std::move(*begun));
    if (counted != nullptr && begun.error().code == code::unsupported) return cannot_answer(asked, begun.error().message);
    return begun.error();
}

class backend_pipeline::passing final : public handed_down {
  public:
    passing(std::shared_ptr<pass_sink> to, std::shared_ptr<counters> counted, std::shared_ptr<server_health> health)
        : handed_down(std::move(to)), counters_(std::move(counted)), health_(std::move(health)) {}

    void done(std::optional<error> failure) override {
        --counters_->active;
        health_->note(failure);
        to().done(blamed(std::move(failure)));
    }

  private:
    std::shared_ptr<counters> counters_;
    std::shared_ptr<server_health> health_;
};

result<std::shared_ptr<generation>> backend_pipeline::pass(std::shared_ptr<const pass_request> request,
                                                           std::shared_ptr<pass_sink> sink) {
    ++counters_->requests;
    ++counters_->active;
    auto begun = target_->pass(*request, std::make_shared<passing>(std::move(sink), counters_, health_));
    if (begun) return std::make_shared<running>(std::move(*begun));
    --counters_->active;
    return begun.error();
}

nlohmann::json backend_pipeline::status() const {
    const auto about = facts_.now();
    const auto places = about.value("slots", nlohmann::json());
    return {
        {"name", name_},
        {"serves", serves_},
        {"target",
         {{"name", info_.name}, {"model", info_.name + " (" + info_.plugin + ")"}, {"server", true},
          {"up", health_->is_up()}, {"failures", health_->failures()}, {"about", about}}},
        {"draft", nullptr},
        {"speculation", {{"active", false}, {"why_not", info_.why_not}}},
        {"slots", {{"total", places.is_number_unsigned() ? places : nlohmann::json()}, {"active", counters_->active.load()}, {"queued", 0}}},
        {"stats", {{"requests", counters_->requests.load()}, {"tokens", counters_->tokens.load()}}},
    };
}

} // namespace tw
